"""Terraform for one environment: a readable plan, and the application of exactly that plan."""
