"""INFORMATION_SCHEMA.JOBS with the columns that a cost is counted by; local-bigquery 0.3.2 has them not.

They are read off the jobs that it keeps. Nothing is billed on this machine, so the bytes are 0; labels are
those that a job was sent with. https://cloud.google.com/bigquery/docs/information-schema-jobs
"""

COLUMNS = """
    map_entries(CAST(
        coalesce(json_extract(resource, '$.configuration.labels'), '{{}}') AS MAP(VARCHAR, VARCHAR)
    )) AS labels,
    coalesce(CAST(resource ->> '$.statistics.query.totalBytesBilled' AS BIGINT), 0) AS total_bytes_billed,
    coalesce(CAST(resource ->> '$.statistics.totalSlotMs' AS BIGINT), 0) AS total_slot_ms,
"""


def install() -> None:
    from local_bigquery.sql.rules import information_schema

    if COLUMNS not in information_schema.JOBS:
        information_schema.JOBS = information_schema.JOBS.replace("SELECT", f"SELECT{COLUMNS}", 1)
