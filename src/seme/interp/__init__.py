"""Looking inside a model: activations, dictionaries and atoms, circuits, neurons, heads, probes, data selection."""
