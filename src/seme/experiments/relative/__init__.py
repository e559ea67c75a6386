"""The parts of the experiment of paper 55: exact invariance, words, images and texts."""
