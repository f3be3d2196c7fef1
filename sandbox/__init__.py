"""Google Cloud on one machine: the APIs that the product calls, and nothing else."""
