"""GoogleSQL's own analyzer over the scripts of the warehouse: the types of a table before it is written.

statements   a script of BigQuery, cut into statements
analyzer     resolves every statement against declared tables
"""
