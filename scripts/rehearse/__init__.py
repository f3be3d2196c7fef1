"""Run the SQL of a candidate on clones of an environment, and print what it would change.

job    the Run job `rehearse`, one execution at a time
text   the result for people
"""
