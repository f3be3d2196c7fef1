-- Days whose rows left their band since @since, the moment of the release: one row a table and day.
-- Number of partitions and rows only, no data. The band reaches from 0.7 times the smallest to 1.4 times the largest of
-- the 28 days before, of which at least seven are needed; a table without rows on one of them is not judged.
-- What is compared is the number of rows, or the rows for each row of ods on that day, whichever varied less: more sales
-- than ever have more lines than ever, and are not the fault of a release.
WITH partition_size AS (
  SELECT CONCAT(table_schema, '.', table_name) AS table_name, partition_id, total_rows, last_modified_time
  FROM ods.INFORMATION_SCHEMA.PARTITIONS
  UNION ALL
  SELECT CONCAT(table_schema, '.', table_name) AS table_name, partition_id, total_rows, last_modified_time
  FROM dmt.INFORMATION_SCHEMA.PARTITIONS
),

-- Lines that wait for their product or customer count as lines: no release makes a list late.
day_size AS (
  SELECT
    IF(table_name = 'ods.sales_orphans', 'dmt.sales_items', table_name) AS table_name,
    SAFE.PARSE_DATE('%Y%m%d', partition_id) AS day,
    SUM(total_rows) AS size,
    MAX(last_modified_time) >= TIMESTAMP(@since) AS is_written
  FROM partition_size
  WHERE REGEXP_CONTAINS(partition_id, r'^\d{8}$')
    AND NOT REGEXP_CONTAINS(table_name, r'^ods\.(checkpoints|file_reads|lock_.*)$|_(rejects|history|changes|days)$')
  GROUP BY 1, 2
),

input AS (
  SELECT day, SUM(size) AS size, LOGICAL_OR(is_written) AS is_written
  FROM day_size
  WHERE STARTS_WITH(table_name, 'ods.')
  GROUP BY day
  HAVING SUM(size) > 0
),

-- Every table on every day of the input: a day that the release emptied has no partition any more.
measured AS (
  SELECT
    every.table_name,
    input.day,
    IFNULL(day_size.size, 0) AS size,
    IFNULL(day_size.size, 0) / input.size AS share,
    input.size AS input_size,
    input.is_written OR IFNULL(day_size.is_written, FALSE) AS is_written,
    input.day = MAX(input.day) OVER () AS is_open
  FROM input
  CROSS JOIN (SELECT DISTINCT table_name FROM day_size) AS every
  LEFT JOIN day_size ON day_size.table_name = every.table_name AND day_size.day = input.day
),

band AS (
  SELECT
    written.table_name, written.day, written.size, written.share, written.input_size, written.is_open,
    MIN(before.size) AS least, MAX(before.size) AS most,
    MIN(before.share) AS least_share, MAX(before.share) AS most_share
  FROM measured AS written
  JOIN measured AS before
    ON before.table_name = written.table_name
      AND NOT before.is_written
      AND before.day BETWEEN DATE_SUB(written.day, INTERVAL 28 DAY) AND DATE_SUB(written.day, INTERVAL 1 DAY)
  WHERE written.is_written
  GROUP BY 1, 2, 3, 4, 5, 6
  HAVING COUNT(*) >= 7 AND MIN(before.size) > 0
),

-- An unusual volume of a source explains an unusual number of rows, and a share of few rows means nothing.
judged AS (
  SELECT
    *,
    NOT STARTS_WITH(table_name, 'ods.') AND (
      most_share / least_share < most / least
      -- Where both varied alike, a day that is usual in one of them is good.
      OR most_share / least_share = most / least AND size NOT BETWEEN 0.7 * least AND 1.4 * most
    ) AS is_share,
    (
      SELECT COUNT(*) FROM ops.measures
      WHERE kind IN ('volume', 'night volume', 'gap') AND is_unusual AND day_number = 0
    ) AS unusual_sources
  FROM band
)

SELECT table_name, day, CAST(ROUND(IF(is_share, share * input_size, size)) AS INT64) AS size, low, high
FROM (
  SELECT
    *,
    CAST(FLOOR(ROUND(0.7 * IF(is_share, least_share * input_size, least), 6)) AS INT64) AS low,
    CAST(CEIL(ROUND(1.4 * IF(is_share, most_share * input_size, most), 6)) AS INT64) AS high
  FROM judged
  WHERE IF(is_share, input_size >= 50, unusual_sources = 0)
)
-- A day that is still open has fewer rows than a whole one.
WHERE size > high OR (size < low AND (is_share OR NOT is_open))
ORDER BY table_name, day
LIMIT 20
