"""What could be wrong: bounds, redraws, placebos, hidden selection."""
