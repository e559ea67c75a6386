"""The parts of the experiment of paper 54: prompts, scores, masks, tuned models, and heads that were planted."""
