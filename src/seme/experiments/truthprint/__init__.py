"""Paper 48 in parts: two sources of captions, and what is asked of each."""
