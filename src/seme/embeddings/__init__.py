"""Text encoders, and how they are trained."""
