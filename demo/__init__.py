"""The demo: sales of a real grocer go from a retail API to a Google Sheet, all on this machine.

`shop` is the retail API, `expected` computes the results that the warehouse must have, `recorded_apply` has
the requests of a Terraform apply. The sandbox serves Google's APIs; the product runs as commands and jobs.
"""
