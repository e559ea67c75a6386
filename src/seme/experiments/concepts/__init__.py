"""Paper 40 in parts: the things, their embeddings, and the three questions."""
