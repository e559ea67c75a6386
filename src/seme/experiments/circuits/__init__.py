"""The parts of the experiment of paper 05: a planted circuit, a small trained model, a language model."""
