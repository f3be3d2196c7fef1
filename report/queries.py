"""What the page reads from ops. Each query has a filter on the partitions of the days that the page shows.

Parameters: @until is the moment of the page, @since the begin of its window, @history 28 days before @until.
"""

# Columns are named: a view of another release that has not all of them is then an error of the query.
FINDINGS = """
SELECT severity, kind, subject, state, what, since, was, now, usual, unit, detail, runbook, explained_by
FROM ops.last_night
ORDER BY
  explained_by IS NOT NULL, STRPOS('error warning info', severity), STRPOS('new worse known recovered', state),
  kind, subject
"""

MEASURES = """
SELECT kind, subject, hour, day_number, measured_at, amount, usual, spread, is_unusual
FROM ops.measures
ORDER BY kind, subject, day_number DESC, measured_at
"""

# Distinct: a request whose answer was lost is sent again, and its rows are then there twice.
RUNS = """
SELECT DISTINCT
  run_id, schedule, started_at, finished_at, state, IFNULL(release, '') AS release, IFNULL(error, '') AS error
FROM ops.pipeline_log
WHERE started_at >= @history AND started_at <= @until
ORDER BY started_at, run_id
"""

STEPS = """
SELECT DISTINCT run_id, schedule, step, state, started_at, seconds, IFNULL(reason, '') AS reason
FROM ops.step_log
WHERE started_at >= @since AND started_at <= @until
ORDER BY started_at, step
"""

VOLUMES = """
SELECT
  CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, DATE(started_at) AS day,
  SUM(rows_loaded) AS loaded
FROM (
  SELECT DISTINCT source, endpoint, run_id, started_at, finished_at, status, rows_loaded
  FROM ops.run_log
  WHERE started_at >= @history AND started_at <= @until
)
GROUP BY subject, day
ORDER BY subject, day
"""

FRESHNESS = """
SELECT
  'source' AS kind, CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, MAX(finished_at) AS newest,
  '' AS link
FROM ops.run_log
WHERE started_at >= @history AND started_at <= @until AND status IN ('success', 'partial')
GROUP BY subject
UNION ALL
SELECT 'table' AS kind, table_name AS subject, MAX(newest) AS newest, '' AS link
FROM ops.table_log
WHERE logged_at >= @since AND logged_at <= @until
GROUP BY subject
UNION ALL
SELECT 'sheet' AS kind, export AS subject, MAX(finished_at) AS newest, MAX(link) AS link
FROM ops.sync_run
WHERE started_at >= @history AND started_at <= @until AND status IN ('success', 'partial')
GROUP BY subject
ORDER BY kind, subject
"""

# Hours in which a source was copied or a sheet written: a tick each.
ARRIVALS = """
SELECT DISTINCT CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, TIMESTAMP_TRUNC(finished_at, HOUR) AS hour
FROM ops.run_log
WHERE started_at >= @since AND started_at <= @until AND status IN ('success', 'partial')
UNION DISTINCT
SELECT DISTINCT CONCAT('sheet ', export) AS subject, TIMESTAMP_TRUNC(finished_at, HOUR) AS hour
FROM ops.sync_run
WHERE started_at >= @since AND started_at <= @until AND status IN ('success', 'partial')
ORDER BY subject, hour
"""

# Deliveries of code, images and Terraform; those that were rehearsed or failed were never live.
RELEASES = """
SELECT `release`, kind, state, moment
FROM ops.releases
WHERE logged_at >= @history AND logged_at <= @until
QUALIFY ROW_NUMBER() OVER (PARTITION BY `release` ORDER BY logged_at DESC) = 1
  AND kind IN ('rollout', 'rollback') AND state != 'failed'
ORDER BY moment, `release`
"""

TABLES = """
SELECT
  table_name,
  ARRAY_AGG(STRUCT(`rows` AS size, bytes AS bytes) ORDER BY logged_at DESC LIMIT 1)[OFFSET(0)] AS newest
FROM ops.table_log
WHERE logged_at >= @since AND logged_at <= @until
GROUP BY table_name
ORDER BY table_name
"""

# Bytes of each dataset after the last run of each day.
SIZE_DAYS = """
SELECT dataset AS subject, day, SUM(size) AS amount
FROM (
  SELECT
    SPLIT(table_name, '.')[OFFSET(0)] AS dataset, table_name, DATE(logged_at) AS day,
    ARRAY_AGG(bytes ORDER BY logged_at DESC LIMIT 1)[OFFSET(0)] AS size
  FROM ops.table_log
  WHERE logged_at >= @history AND logged_at <= @until
  GROUP BY dataset, table_name, day
)
GROUP BY subject, day
ORDER BY subject, day
"""

# Bad rows that the runs of each day left behind, in the days that they wrote.
QUALITY_DAYS = """
SELECT table_name AS subject, ran_on AS day, SUM(bad_rows) AS amount
FROM (
  SELECT
    table_name, DATE(logged_at) AS ran_on, day AS written,
    ARRAY_AGG(bad_rows ORDER BY logged_at DESC LIMIT 1)[OFFSET(0)] AS bad_rows
  FROM ops.day_log
  WHERE logged_at >= @history AND logged_at <= @until
  GROUP BY table_name, ran_on, written
)
GROUP BY subject, day
ORDER BY subject, day
"""

QUALITY = """
SELECT
  table_name,
  day,
  ARRAY_AGG(STRUCT(`rows` AS size, bad_rows AS bad_rows) ORDER BY logged_at LIMIT 1)[OFFSET(0)] AS first,
  ARRAY_AGG(STRUCT(`rows` AS size, bad_rows AS bad_rows) ORDER BY logged_at DESC LIMIT 1)[OFFSET(0)] AS last
FROM ops.day_log
WHERE logged_at >= @since AND logged_at <= @until
GROUP BY table_name, day
HAVING MAX(bad_rows) > 0
ORDER BY table_name, day DESC
"""

ACTIONS = """
SELECT
  action, kind, COUNT(DISTINCT run_id) AS runs, COUNT(DISTINCT IF(state = 'failed', run_id, NULL)) AS failed,
  MAX(IF(state = 'failed', bad_rows, NULL)) AS bad_rows,
  MAX(seconds) AS seconds, IFNULL(MAX(IF(state = 'failed', reason, NULL)), '') AS reason
FROM ops.action_log
WHERE logged_at >= @since AND logged_at <= @until
GROUP BY action, kind
ORDER BY kind, action
"""

FILES = """
SELECT
  CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, file_name, `rows` AS size,
  IFNULL(reason, '') AS reason
FROM (
  SELECT DISTINCT source, endpoint, run_id, file_name, `rows`, reason, logged_at
  FROM ops.file_log
  WHERE logged_at >= @since AND logged_at <= @until AND state = 'failed'
)
ORDER BY logged_at, file_name
"""

COSTS = """
SELECT
  day, label_key, label_value, SUM(jobs) AS jobs, SUM(gib_billed) AS gib_billed,
  SUM(slot_hours) AS slot_hours, SUM(cost_usd) AS cost_usd
FROM ops.costs
WHERE day = (SELECT MAX(day) FROM ops.costs WHERE day >= DATE(@history) AND day <= DATE(@until))
  AND day >= DATE(@history) AND label_key IN ('table', 'export', 'endpoint')
GROUP BY day, label_key, label_value
ORDER BY label_key, gib_billed DESC, label_value
"""

COST_DAYS = """
SELECT label_key AS subject, day, SUM(gib_billed) AS amount
FROM ops.costs
WHERE day >= DATE(@history) AND day <= DATE(@until) AND label_key IN ('table', 'export', 'endpoint')
GROUP BY subject, day
ORDER BY subject, day
"""

DRIFT = """
SELECT
  CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, field, change, IFNULL(was, 'absent') AS was,
  now, file_name, logged_at
FROM (
  SELECT DISTINCT run_id, source, endpoint, field, change, was, now, file_name, logged_at
  FROM ops.drift
  WHERE logged_at >= @since AND logged_at <= @until
)
ORDER BY logged_at, subject, field
"""

SYNCS = """
SELECT
  export, COUNT(*) AS syncs, COUNTIF(status = 'failed') AS failed, SUM(inserted) AS inserted,
  SUM(updated) AS updated, SUM(deleted) AS deleted, SUM(rejected) AS rejected, SUM(drift) AS edited,
  MAX(finished_at) AS newest, IFNULL(MAX(error), '') AS error
FROM (
  SELECT DISTINCT
    run_id, export, started_at, finished_at, status, inserted, updated, deleted, rejected, drift, error
  FROM ops.sync_run
  WHERE started_at >= @since AND started_at <= @until
)
GROUP BY export
ORDER BY export
"""

NOTICES = """
SELECT export, event, IFNULL(channel, '') AS channel, state, COUNT(*) AS notices
FROM (
  SELECT DISTINCT run_id, export, event, state, delivery, channel, target, logged_at
  FROM ops.notice_log
  WHERE logged_at >= @since AND logged_at <= @until
)
GROUP BY export, event, channel, state
ORDER BY export, event, channel, state
"""

QUERIES = {
    "findings": FINDINGS,
    "measures": MEASURES,
    "runs": RUNS,
    "steps": STEPS,
    "volumes": VOLUMES,
    "freshness": FRESHNESS,
    "arrivals": ARRIVALS,
    "releases": RELEASES,
    "tables": TABLES,
    "size_days": SIZE_DAYS,
    "quality": QUALITY,
    "quality_days": QUALITY_DAYS,
    "actions": ACTIONS,
    "files": FILES,
    "costs": COSTS,
    "cost_days": COST_DAYS,
    "drift": DRIFT,
    "syncs": SYNCS,
    "notices": NOTICES,
}
