"""The raw gap taken apart: who they are, and what remains."""
