"""Open Data Paris: the city's catalogue of middle schools, four school years of it.

An extension of the sandbox (sandbox/extensions.py): it serves the Explore API on the sandbox's port.
"""

from demo.companies.paris.api import job_variables, routes
from demo.companies.paris.story import COMPANY

__all__ = ["COMPANY", "job_variables", "routes"]
