"""A file in a bucket, which readers only ever see whole."""
