"""Run job `rehearse`: the SQL of a candidate on clones of ods and dmt, and what it would change in them.

models      the actions of the candidate, and which of them differ from the live release
tables      columns, key and day of a table
comparison  rows of the live tables and of the clones, counted per table and day
rehearsal   clone, run, compare, drop
record      the row of ops.releases that holds the result

The job reads ods and dmt and writes the datasets *_rehearsal. The candidate's SQL runs as an identity of its own that
reads raw and ops, and writes these datasets only: docs/adr/0017-rehearsal.md.
"""
