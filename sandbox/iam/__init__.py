"""IAM: which identity a request has, what its roles contain, and whether a method is allowed.

roles, permissions    facts from Google's documentation, typed from the pages that each table names
methods               the permissions that each method of an API requires
access                members, roles and conditions of the policies that apply to a resource
conditions            expressions of conditions, as far as they are used here
policies              where the policies of a resource are stored
guard                 the check of a request, before a service sees it
denials               Google's responses to a request without the permission
identities            who calls: a token of the sandbox, or a path for clients that cannot send one
queries               the tables that a statement of BigQuery reads and writes

A token names its identity, see `sandbox.metadata`. Any other caller is the person who owns the project.
"""
