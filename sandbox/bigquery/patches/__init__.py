"""Patches of local-bigquery 0.3.2, each with its reason and the upstream change that makes it unnecessary.

local-bigquery 0.4.0 was tried on 2026-11-28 and not adopted:

- It requires duckdb >= 2.0.0. The packages duckdb-extension-ducklake and duckdb-extension-spatial exist on
  PyPI up to 1.5.5 only, so DuckDB 2.0.1 fails with "Failed to download extension ducklake at URL
  http://extensions.duckdb.org/v2.0.1/…" on a machine without access to that host. (icu is built in.)
- It would remove none of the patches: its only differences from 0.3.2 are DuckDB 2's syntax of lambdas,
  error messages of mathematical functions, and `fetchall` for `fetchone`.

Try again when these packages exist for the DuckDB version that local-bigquery requires.
"""

from sandbox.bigquery.patches import (
    catalog_lookups,
    clone,
    deleted_datasets,
    filter_before_unnest,
    folded_filters,
    information_schema,
    integer_division,
    modification_time,
    normalize,
    numeric,
    ordered_arrays,
    range_partitions,
    replaced_layout,
    reserved_words,
    resource_memory,
    result_lookups,
    running_jobs,
    script_variables,
    time_travel,
    trim,
    undrop_schema,
    unnest_offset,
    zero_characters,
    zone_offsets,
)


def install() -> None:
    """Must run after local-bigquery is imported and before its first statement."""
    for patch in (
        catalog_lookups,
        resource_memory,
        result_lookups,
        running_jobs,
        clone,
        deleted_datasets,
        undrop_schema,
        information_schema,
        integer_division,
        modification_time,
        script_variables,
        filter_before_unnest,
        folded_filters,
        numeric,
        normalize,
        trim,
        range_partitions,
        replaced_layout,
        unnest_offset,
        ordered_arrays,
        time_travel,
        reserved_words,
        zero_characters,
        zone_offsets,
    ):
        patch.install()
