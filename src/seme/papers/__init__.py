"""The Daily Papers domain: papers, where they come from, where they are kept, and how they are found."""
