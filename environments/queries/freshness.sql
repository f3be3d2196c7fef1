-- How old the newest data of each endpoint and of each table of ods is at this run. A run that is repeated adds nothing.
MERGE ops.freshness AS kept
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
  GROUP BY table_name
) AS found
ON kept.checked_at = @run_time AND kept.table_name = found.table_name
WHEN NOT MATCHED THEN
  INSERT (checked_at, table_name, newest, age_minutes)
  VALUES (@run_time, found.table_name, found.newest, TIMESTAMP_DIFF(@run_time, found.newest, MINUTE));
