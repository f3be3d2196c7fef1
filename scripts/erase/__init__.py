"""Erase the personal data of one row of a list, for example of a customer: wherever a copy of the row is.

subject    what is erased: the columns, from the schemas and sources of the connector
tables     every table of BigQuery that has the columns, rejects, and texts of logs
objects    files of the landing bucket
"""


class EraseError(Exception):
    """The message states the reason and the remedy. What was erased before it stays erased."""
