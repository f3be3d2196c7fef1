"""An enterprise: PostgreSQL and MySQL tables, a REST API, and CSV, JSON and Parquet files in S3 and a local folder."""

from demo.companies.erp.company import COMPANY

__all__ = ["COMPANY"]
