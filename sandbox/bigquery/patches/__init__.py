"""Patches of local-bigquery 0.3.2, each with its reason and the upstream change that makes it unnecessary."""

from sandbox.bigquery.patches import (
    catalog_lookups,
    filter_before_unnest,
    information_schema,
    numeric,
    script_variables,
)


def install() -> None:
    """Must run after local-bigquery is imported and before its first statement."""
    for patch in (catalog_lookups, information_schema, script_variables, filter_before_unnest, numeric):
        patch.install()
