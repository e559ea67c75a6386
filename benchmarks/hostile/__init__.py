"""Hostile input against a running service and against everything that reads files, counted and written down."""
