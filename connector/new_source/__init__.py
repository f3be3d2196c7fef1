"""`python -m connector new NAME --kind …`: the files of a new source, from its catalogue or from its first rows."""
