"""Paper 51 in parts: tasks of a language model, deduction learned from scratch, votes, layers, and planted paths."""
