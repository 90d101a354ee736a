"""The two groups: how alike they are, and weights that make them alike."""
