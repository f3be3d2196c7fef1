"""The services that hold what Terraform provisions: a generic store, and a file of rules for each API.

resource_type, schema, collection    what a type of resource is, and its methods
service, store, policies, ...        what all services share
artifact_registry, budgets, ...      the rules of one API each, beside its discovery document
apis                                 the services of this package
"""
