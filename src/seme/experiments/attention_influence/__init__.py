"""The parts of the experiment of paper 07: a scorer, texts, scores, what they select, and models trained on that."""
