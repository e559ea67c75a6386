"""Parts of the experiment of paper 24: texts, their states below the trained blocks, trainings, and what is claimed."""
