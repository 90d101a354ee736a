"""Many months: each beside the others, pooled, by subgroup, and their power."""
