"""Paper 34 in parts: the questions, their samples, the two kinds of uncertainty, and the theory."""
