"""python -m demo: a real grocer's sales go from the API to the sheet."""
