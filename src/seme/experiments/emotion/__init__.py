"""Paper 41 in parts: utterances, probes of every layer, the model asked, geometry, prompts, time, other models."""
