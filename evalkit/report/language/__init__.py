"""Texts of figures and output in Finnish, Swedish and English."""
