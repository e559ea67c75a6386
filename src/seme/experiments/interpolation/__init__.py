"""The parts of the experiment of paper 28: collections, encoders, pipelines, and what is claimed of them."""
