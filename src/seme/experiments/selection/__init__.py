"""The parts of the experiment of paper 17: a pool, embeddings of it, selections, and a model tuned on them."""
