"""Parts of the experiment on Matryoshka representation learning."""
