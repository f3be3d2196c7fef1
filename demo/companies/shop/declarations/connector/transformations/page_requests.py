"""Requests to the web shop, from the access logs of its servers: a row per line.

The combined log format, with the visitor's cookie and the id of the request at the end of a line:
https://httpd.apache.org/docs/2.4/logs.html#combined
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import (
    coalesce,
    col,
    date_format,
    lit,
    nullif,
    regexp_extract,
    try_to_timestamp,
    try_url_decode,
    when,
)

LINE = (
    r'^\S+ \S+ \S+ \[([^\]]+)\] "GET (\S+) HTTP/1\.[01]" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)" "([^"]*)" (\S+)$'
)
FIELDS = ("at", "url", "status", "bytes", "referrer", "agent", "visitor", "request")
LOG_TIME = "dd/MMM/yyyy:HH:mm:ss Z"
ISO_TIME = "yyyy-MM-dd'T'HH:mm:ss'Z'"  # the session's time zone is UTC


def transform(lines: DataFrame) -> DataFrame:
    """`value` is a line. One that is not of the format is a reject."""
    fields = [regexp_extract("value", LINE, place).alias(name) for place, name in enumerate(FIELDS, 1)]
    parsed = lines.select("value", *fields).withColumn("at", try_to_timestamp("at", lit(LOG_TIME)))
    valid = col("at").isNotNull()
    columns = {
        "request": col("request"),
        "requested_at": date_format("at", ISO_TIME),
        "page": decode(regexp_extract("url", r"^[^?]*", 0)),
        "sku": empty_as_null(regexp_extract("url", r"^/product/(\d+)", 1)),
        "search": empty_as_null(decode(regexp_extract("url", r"[?&]q=([^&]*)", 1))),
        "visitor": when(col("visitor") != "-", col("visitor")),
        "device": when(col("agent").contains("Mobile"), "phone").otherwise("computer"),
        "status": col("status"),
        "bytes": when(col("bytes") == "-", "0").otherwise(col("bytes")),
    }
    return parsed.select(
        *(when(valid, column).alias(name) for name, column in columns.items()),
        when(~valid, col("value")).alias("line"),
        when(~valid, lit("not a line of the access log")).alias("SYS_REJECT_REASON"),
    )


def decode(column: Column) -> Column:
    """A text with an invalid escape, as robots send it, stays as it is."""
    return coalesce(try_url_decode(column), column)


def empty_as_null(column: Column) -> Column:
    return nullif(column, lit(""))
