"""Desired content of a tab: the rows of the mart as cells."""
