"""Parts of the experiment of paper 23."""
