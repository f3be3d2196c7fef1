"""A purchasing desk: requests of a portal become a sheet that people edit, and its decisions the sheets of others."""

from demo.companies.backoffice.company import COMPANY

__all__ = ["COMPANY"]
