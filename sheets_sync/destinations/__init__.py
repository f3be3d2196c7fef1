"""The kinds of places an export can go to."""
