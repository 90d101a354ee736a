"""How long until people leave unemployment, and where to, from counts per week."""
