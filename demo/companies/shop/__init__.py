"""A web shop: orders and customers in MongoDB, the catalogue and shipments as CSV files in S3."""

from demo.companies.shop.company import COMPANY

__all__ = ["COMPANY"]
