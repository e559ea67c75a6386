"""The parts of the experiment of paper 56: the map, the clamps, the answers, and fine-tuned models."""
