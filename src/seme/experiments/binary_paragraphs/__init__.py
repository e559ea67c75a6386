"""Parts of the experiment on Binary Paragraph Vector."""
