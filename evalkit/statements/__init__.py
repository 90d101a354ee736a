"""Published statements, checked against data."""
