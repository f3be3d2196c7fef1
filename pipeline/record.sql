-- Append what a run did to the logs in ops, in one transaction: a run is there as a whole or not at all.
-- Every parameter is a text; @steps and @actions are JSON. Returns one row with the facts of the log line.
-- A day was written by this run if one of its partitions changed after Dataform began, @changed_since.
CREATE TEMP TABLE size AS
SELECT CONCAT(table_schema, '.', table_name) AS table_name, partition_id, total_rows, total_logical_bytes, last_modified_time
FROM ods.INFORMATION_SCHEMA.PARTITIONS
UNION ALL
SELECT CONCAT(table_schema, '.', table_name) AS table_name, partition_id, total_rows, total_logical_bytes, last_modified_time
FROM dmt.INFORMATION_SCHEMA.PARTITIONS;

-- Rows of rejects at the end of the day before, or before a pause. A year of hourly runs is less than the 10 MB that a
-- query is billed at least.
CREATE TEMP TABLE earlier AS
SELECT table_name, ARRAY_AGG(`rows` ORDER BY logged_at DESC LIMIT 1)[OFFSET(0)] AS size
FROM ops.table_log
WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 400 DAY) AND logged_at < TIMESTAMP(CURRENT_DATE())
  AND ENDS_WITH(table_name, '_rejects')
GROUP BY table_name;

-- Partitions without a day, such as __NULL__, are not counted. A table without partitions has NULL: it was written again
-- as a whole, on this day. A table of rejects has months, whose rows of this day are those that the day added.
CREATE TEMP TABLE written AS
SELECT
  IF(table_name = 'dmt.sales_items', 'ods.sales_orphans', table_name) AS table_name,
  IFNULL(SAFE.PARSE_DATE('%Y%m%d', partition_id), CURRENT_DATE()) AS day,
  SUM(total_rows) AS size,
  SUM(IF(table_name = 'dmt.sales_items', 0, total_rows)) AS bad_rows
FROM size
WHERE (table_name IN ('dmt.sales_items', 'ods.sales_orphans') OR ENDS_WITH(table_name, '_rejects'))
  AND (partition_id IS NULL OR REGEXP_CONTAINS(partition_id, r'^\d{8}$'))
GROUP BY 1, 2
HAVING MAX(last_modified_time) >= TIMESTAMP(@changed_since) AND SUM(total_rows) > 0
UNION ALL
SELECT table_name, CURRENT_DATE(), added, added
FROM (
  SELECT month.table_name, SUM(month.total_rows) - IFNULL(MAX(earlier.size), 0) AS added
  FROM size AS month
  LEFT JOIN earlier ON earlier.table_name = month.table_name
  WHERE ENDS_WITH(month.table_name, '_rejects') AND REGEXP_CONTAINS(month.partition_id, r'^\d{6}$')
  GROUP BY month.table_name
  HAVING MAX(month.last_modified_time) >= TIMESTAMP(@changed_since)
)
WHERE added > 0;

BEGIN TRANSACTION;

INSERT INTO ops.pipeline_log (run_id, schedule, started_at, finished_at, state, steps, release, error)
SELECT
  @run_id, @schedule, TIMESTAMP(@started_at), TIMESTAMP(@finished_at), @state,
  ARRAY_LENGTH(JSON_QUERY_ARRAY(@steps)), NULLIF(@release, ''), NULLIF(@error, '');

INSERT INTO ops.step_log (run_id, schedule, step, state, started_at, seconds, reason)
SELECT
  @run_id, @schedule, JSON_VALUE(step, '$.step'), JSON_VALUE(step, '$.state'), TIMESTAMP(JSON_VALUE(step, '$.started_at')),
  CAST(JSON_VALUE(step, '$.seconds') AS FLOAT64), JSON_VALUE(step, '$.reason')
FROM UNNEST(JSON_QUERY_ARRAY(@steps)) AS step;

INSERT INTO ops.action_log (run_id, action, kind, state, seconds, bad_rows, reason, logged_at)
SELECT
  @run_id, JSON_VALUE(action, '$.action'), JSON_VALUE(action, '$.kind'), JSON_VALUE(action, '$.state'),
  CAST(JSON_VALUE(action, '$.seconds') AS FLOAT64), CAST(JSON_VALUE(action, '$.bad_rows') AS INT64),
  JSON_VALUE(action, '$.reason'), CURRENT_TIMESTAMP()
FROM UNNEST(JSON_QUERY_ARRAY(@actions)) AS action;

INSERT INTO ops.table_log (run_id, table_name, `rows`, bytes, newest, logged_at)
SELECT @run_id, table_name, SUM(total_rows), SUM(total_logical_bytes), MAX(last_modified_time), CURRENT_TIMESTAMP()
FROM size
GROUP BY table_name;

INSERT INTO ops.day_log (run_id, table_name, day, `rows`, bad_rows, logged_at)
SELECT @run_id, table_name, day, size, bad_rows, CURRENT_TIMESTAMP()
FROM written;

COMMIT TRANSACTION;

SELECT
  (SELECT IFNULL(SUM(bad_rows), 0) FROM written WHERE table_name = 'ods.sales_orphans') AS orphans,
  (SELECT IFNULL(MAX(ROUND(bad_rows / size, 6)), 0.0) FROM written WHERE table_name = 'ods.sales_orphans') AS orphan_rate,
  (SELECT IFNULL(SUM(bad_rows), 0) FROM written WHERE table_name != 'ods.sales_orphans') AS rejects,
  (SELECT TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), MAX(last_modified_time), MINUTE) FROM size WHERE table_name = 'ods.sales') AS age_minutes
