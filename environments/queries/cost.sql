-- Billed bytes and slots of the day before the run, by identity and label. Idempotent: the day is replaced as a whole.
-- The label `table` is not the job's own: it is the table that the statement writes, as dataset.table.
-- A job with two labels is in two rows, so add up one label_key, not all. A job without labels has an empty label_key.
-- Before the transaction: no page of BigQuery states that INFORMATION_SCHEMA can be read inside one.
CREATE TEMP TABLE cost AS
SELECT
  DATE(job.creation_time) AS day,
  job.user_email AS identity,
  IFNULL(label.key, '') AS label_key,
  IFNULL(label.value, '') AS label_value,
  COUNT(*) AS jobs,
  CAST(SUM(IFNULL(job.total_bytes_billed, 0)) / POW(2, 30) AS NUMERIC) AS gib_billed,
  CAST(SUM(IFNULL(job.total_slot_ms, 0)) / 3600000 AS NUMERIC) AS slot_hours,
  CAST(SUM(IFNULL(job.total_bytes_billed, 0)) / POW(2, 40) * ${usd_per_tib} AS NUMERIC) AS cost_usd
FROM `region-${region}`.INFORMATION_SCHEMA.JOBS AS job
LEFT JOIN UNNEST(ARRAY_CONCAT(
  IFNULL(job.labels, []),
  IF(
    job.destination_table.dataset_id IS NULL OR STARTS_WITH(job.destination_table.dataset_id, '_'), -- results of a query
    [],
    [STRUCT('table' AS key, CONCAT(job.destination_table.dataset_id, '.', job.destination_table.table_id) AS value)]
  )
)) AS label
WHERE
  job.creation_time >= TIMESTAMP(DATE_SUB(@run_date, INTERVAL 1 DAY))
  AND job.creation_time < TIMESTAMP(@run_date)
  AND IFNULL(job.statement_type, '') != 'SCRIPT' -- its statements are separate jobs
GROUP BY day, identity, label_key, label_value;

BEGIN TRANSACTION;

DELETE FROM ops.costs WHERE day = DATE_SUB(@run_date, INTERVAL 1 DAY);

INSERT INTO ops.costs (day, identity, label_key, label_value, jobs, gib_billed, slot_hours, cost_usd)
SELECT day, identity, label_key, label_value, jobs, gib_billed, slot_hours, cost_usd
FROM cost;

COMMIT TRANSACTION;
