"""Difference between the desired and the current content. Pure functions: rows in, rows out."""
