"""Differences adjusted for who was referred."""
