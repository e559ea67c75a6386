"""Paper 46 in parts: planted truths, judgements, neurons, layers, embeddings."""
