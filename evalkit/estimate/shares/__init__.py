"""The difference of two shares or means: its intervals and exact tests."""
