"""Finding texts and vectors again: indexes, fusion, filters and their evaluation. Needs NumPy alone."""
