"""Servers of source systems on 127.0.0.1, for the demo's companies and for tests: PostgreSQL, MariaDB, MongoDB, S3."""
