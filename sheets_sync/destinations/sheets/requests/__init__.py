"""Requests of the Sheets API that turn the current content into the desired one. Pure functions."""
