"""Terraform for one environment: a plan that a person can read, and the application of exactly that plan."""
