"""Estimates: differences, pooling and comparisons of the two groups."""
