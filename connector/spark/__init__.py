"""The program of a Spark batch. It runs on Dataproc, so it imports nothing of this repository."""
