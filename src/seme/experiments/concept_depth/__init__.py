"""Paper 36 in parts: the tasks, one recording of each, the curves, what moves them, and what they are held against."""
