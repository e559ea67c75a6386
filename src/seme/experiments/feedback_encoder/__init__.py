"""The parts of the experiment of paper 16: base retrievers, training, measuring, and what is claimed."""
