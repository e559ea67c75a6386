"""Paper 06 in parts: an easy and a hard feature, what follows for analyses, manipulations, other architectures."""
