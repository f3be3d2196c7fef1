-- Age of the newest data of each endpoint and of each table of ods at this run. Idempotent: a repeated run adds nothing.
MERGE ops.freshness AS ages
USING (
  SELECT
    CONCAT('raw.', endpoint) AS table_name,
    MAX(finished_at) AS newest
  FROM ops.run_log
  WHERE started_at >= TIMESTAMP_SUB(@run_time, INTERVAL 90 DAY) AND finished_at <= @run_time AND status IN ('success', 'partial')
  GROUP BY endpoint
  UNION ALL
  SELECT
    table_name,
    MAX(seen_until) AS newest
  FROM ods.checkpoints
  WHERE written_at >= TIMESTAMP_SUB(@run_time, INTERVAL 90 DAY) AND written_at <= @run_time
    AND table_name NOT LIKE '% %' -- notes of a table to itself
  GROUP BY table_name
) AS newest_data
ON ages.checked_at = @run_time AND ages.table_name = newest_data.table_name
WHEN NOT MATCHED THEN
  INSERT (checked_at, table_name, newest, age_minutes)
  VALUES (@run_time, newest_data.table_name, newest_data.newest, TIMESTAMP_DIFF(@run_time, newest_data.newest, MINUTE));
