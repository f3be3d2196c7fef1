-- What is wrong, or was until last night: one row a finding. The only place where a verdict is computed.
-- Last night is the last 24 hours (day_number 0), the night before the 24 hours before it (1).
-- new: only last night. known: both nights. worse: both, and at least twice as much. recovered: only the night before.
-- A finding with `explained_by` is a consequence of that other one and not part of the verdict.
WITH kind AS (
  SELECT 'silence' AS kind, 'error' AS severity, 'pipeline-failed' AS runbook, 'no run of the pipeline wrote a row' AS what, 'hours' AS unit
  UNION ALL
  SELECT 'source', 'error', 'job-failed', 'could not be copied', 'failed loads'
  UNION ALL
  SELECT 'file', 'error', 'job-failed', 'has files that BigQuery rejected', 'files'
  UNION ALL
  SELECT 'action', 'error', 'dataform-failed', 'failed in Dataform', 'failed runs'
  UNION ALL
  SELECT 'check', 'error', 'dataform-failed', 'violates its check', 'rows'
  UNION ALL
  SELECT 'sync', 'error', 'job-failed', 'was not published', 'failed syncs'
  UNION ALL
  SELECT 'step', 'error', 'pipeline-failed', 'failed', 'failed runs'
  UNION ALL
  SELECT 'run', 'error', 'pipeline-failed', 'ended with an error', 'failed runs'
  UNION ALL
  SELECT 'notice', 'warning', 'findings', 'has a notice that was not delivered', 'attempts'
  UNION ALL
  SELECT 'duplicate', 'warning', 'findings', 'was loaded twice from the same file', 'rows'
  UNION ALL
  SELECT 'orphans', 'warning', 'orphans', 'has too many lines without their product or customer', 'percent'
  UNION ALL
  SELECT 'rejects', 'warning', 'rejects', 'has rejected rows', 'rows'
  UNION ALL
  SELECT 'quality', 'warning', 'quality', 'is outside its usual limits', 'measured'
  UNION ALL
  SELECT 'unpublished', 'warning', 'findings', 'has rows that could not be published', 'rows'
  UNION ALL
  SELECT 'gap', 'warning', 'no-sales', 'came late', 'hours'
  UNION ALL
  SELECT 'night volume', 'warning', 'findings', 'has an unusual number of rows', 'rows'
  UNION ALL
  SELECT 'volume', 'warning', 'findings', 'has an unusual number of rows in an hour', 'rows'
  UNION ALL
  SELECT 'cost', 'warning', 'cost', 'cost more than usual', 'GiB'
  UNION ALL
  SELECT 'duration', 'warning', 'findings', 'took longer than usual', 'seconds'
  UNION ALL
  SELECT 'rewritten days', 'info', 'findings', 'was written again for many days: a price or a list changed', 'days'
  UNION ALL
  SELECT 'drift', 'info', 'findings', 'has fields that changed', 'fields'
  UNION ALL
  SELECT 'edits', 'info', 'findings', 'was edited by people in synced columns', 'rows'
),

-- Causes of consequences. ends_with: the subject of the consequence is that of the cause, or ends with it after a colon.
consequence AS (
  SELECT 'volume' AS kind, ['source', 'file', 'duplicate', 'gap', 'night volume'] AS causes, TRUE AS ends_with
  UNION ALL
  SELECT 'night volume', ['source', 'file', 'duplicate', 'gap'], TRUE
  UNION ALL
  SELECT 'gap', ['source', 'file'], TRUE
  UNION ALL
  SELECT 'gap', ['sync'], TRUE
  UNION ALL
  SELECT 'step', ['source', 'file', 'sync'], TRUE
  UNION ALL
  SELECT 'duration', ['source', 'file', 'duplicate', 'gap', 'night volume', 'volume'], TRUE
  UNION ALL
  SELECT 'duration', ['rewritten days'], FALSE
  UNION ALL
  SELECT 'step', ['action', 'check', 'sync'], FALSE
  UNION ALL
  SELECT 'run', ['source', 'file', 'action', 'check', 'sync', 'step'], FALSE
  UNION ALL
  SELECT 'orphans', ['source', 'gap'], FALSE
  UNION ALL
  SELECT 'rewritten days', ['source', 'duplicate', 'gap'], FALSE
  UNION ALL
  SELECT 'cost', ['rewritten days', 'duplicate'], FALSE
  UNION ALL
  SELECT 'notice', ['sync'], TRUE
),

run_count AS (
  SELECT
    COUNTIF(started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS last_night,
    COUNTIF(started_at BETWEEN TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS night_before,
    COUNTIF(started_at < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)) AS earlier
  FROM `${project}.ops.pipeline_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY)
),

bad AS (
  SELECT 'source' AS kind, CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, started_at AS happened_at, 1.0 AS amount, CAST(NULL AS FLOAT64) AS usual, error AS detail
  FROM `${project}.ops.run_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND status IN ('failed', 'incomplete')
  UNION ALL
  SELECT 'file', CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint), logged_at, 1.0, NULL, CONCAT(file_name, ': ', IFNULL(reason, 'no reason'))
  FROM `${project}.ops.file_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND state = 'failed'
  UNION ALL
  SELECT 'duplicate', CONCAT(IFNULL(CONCAT(MAX(source), '/'), ''), endpoint), MAX(logged_at), CAST(MAX(`rows`) AS FLOAT64), NULL, file_name
  FROM `${project}.ops.file_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND state = 'archived'
  GROUP BY endpoint, file_name
  HAVING COUNT(DISTINCT run_id) > 1 AND MAX(logged_at) >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)
  UNION ALL
  SELECT 'step', step, started_at, 1.0, NULL, reason
  FROM `${project}.ops.step_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND state = 'failed'
  UNION ALL
  SELECT 'run', schedule, started_at, 1.0, NULL, error
  FROM `${project}.ops.pipeline_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND state = 'failed'
  UNION ALL
  SELECT IF(kind = 'check', 'check', 'action'), action, logged_at, IFNULL(CAST(bad_rows AS FLOAT64), 1.0), NULL, reason
  FROM `${project}.ops.action_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND state = 'failed'
  UNION ALL
  SELECT IF(status = 'failed', 'sync', 'unpublished'), CONCAT('sheet ', export), started_at, IF(status = 'failed', 1.0, CAST(rejected AS FLOAT64)), NULL, error
  FROM `${project}.ops.sync_run`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND (status = 'failed' OR rejected > 0)
  UNION ALL
  SELECT 'edits', CONCAT('sheet ', export), started_at, CAST(drift AS FLOAT64), NULL, CONCAT('in the tab ', title)
  FROM `${project}.ops.sync_run`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND drift > 0
  UNION ALL
  -- The mail of the job report is about this view and no export.
  SELECT 'notice', IF(export = 'ops.last_night', 'mail about last night', CONCAT('sheet ', export)), logged_at, 1.0, NULL, error
  FROM `${project}.ops.notice_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND state = 'failed'
  UNION ALL
  SELECT 'quality', CONCAT(table_name, IFNULL(CONCAT('.', column_name), ''), ' ', rule), checked_at, CAST(measured AS FLOAT64), NULL, rule
  FROM `${project}.ops.quality_results`
  WHERE checked_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND level = 'warn'
  UNION ALL
  SELECT 'drift', CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint), logged_at, 1.0, NULL, CONCAT(change, ': ', field)
  FROM `${project}.ops.drift`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)
  UNION ALL
  -- Per day: in a rate over all history a bad day would disappear. Few lines say nothing about a rate.
  SELECT 'orphans', table_name, logged_at, 100 * bad_rows / `rows`, 100 * ${orphan_rate}, CONCAT('day ', CAST(day AS STRING))
  FROM `${project}.ops.day_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)
    AND table_name = 'ods.sales_orphans' AND bad_rows >= 5 AND bad_rows > ${orphan_rate} * `rows`
  UNION ALL
  SELECT 'rejects', table_name, logged_at, CAST(bad_rows AS FLOAT64), NULL, CONCAT('files of ', CAST(day AS STRING))
  FROM `${project}.ops.day_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)
    AND table_name != 'ods.sales_orphans' AND bad_rows > ${rejects}
  UNION ALL
  SELECT kind, subject, measured_at, amount, usual, NULL
  FROM `${project}.ops.measures`
  WHERE is_unusual
  UNION ALL
  SELECT 'silence', 'pipeline', CURRENT_TIMESTAMP(), 24.0, NULL, 'ops.pipeline_log has no row of the last 24 hours'
  FROM run_count
  WHERE last_night = 0
  UNION ALL
  SELECT 'silence', 'pipeline', TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 25 HOUR), 24.0, NULL, 'ops.pipeline_log has no row of 24 hours'
  FROM run_count
  WHERE night_before = 0 AND earlier > 0
),

-- Each failed load, sync or file counts; of values the farthest one is the finding.
occurrence AS (
  SELECT
    bad.*,
    bad.happened_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY) AS is_last_night,
    bad.kind IN ('source', 'file', 'step', 'run', 'action', 'sync', 'notice', 'drift', 'duplicate') AS is_counted,
    ABS(bad.amount - IFNULL(bad.usual, 0)) AS distance,
    -- A gap began with the last success before it.
    IF(bad.kind = 'gap', TIMESTAMP_SUB(bad.happened_at, INTERVAL CAST(3600 * bad.amount AS INT64) SECOND), bad.happened_at) AS began_at
  FROM bad
),

episode AS (
  SELECT
    kind,
    subject,
    LOGICAL_OR(is_last_night) AS is_active,
    LOGICAL_OR(NOT is_last_night) AS was_active,
    MIN(began_at) AS since,
    MIN(IF(is_last_night, began_at, NULL)) AS since_last_night,
    MAX(happened_at) AS last_at,
    ARRAY_AGG(STRUCT(amount AS amount, usual AS usual, detail AS detail) ORDER BY is_last_night DESC, distance DESC, happened_at LIMIT 1)[OFFSET(0)] AS peak,
    MAX(IF(is_last_night, distance, NULL)) AS distance,
    MAX(IF(is_last_night, NULL, distance)) AS distance_before,
    IF(MAX(is_counted), SUM(IF(is_last_night, amount, 0)), NULL) AS counted,
    IF(MAX(is_counted), SUM(IF(is_last_night, 0, amount)), NULL) AS counted_before,
    MAX(IF(is_last_night, NULL, amount)) AS was
  FROM occurrence
  GROUP BY kind, subject
),

finding AS (
  SELECT
    episode.*,
    CASE
      WHEN NOT is_active THEN 'recovered'
      WHEN NOT was_active THEN 'new'
      WHEN IFNULL(counted, distance) >= 2 * IFNULL(counted_before, distance_before) THEN 'worse'
      ELSE 'known'
    END AS state
  FROM episode
),

-- Only a list that comes once or twice a day can miss the product of a sale.
list AS (
  SELECT DISTINCT subject FROM `${project}.ops.measures` WHERE kind = 'gap' AND usual >= 12
),

explained AS (
  SELECT finding.kind, finding.subject, MIN(CONCAT(cause.kind, ' ', cause.subject)) AS explained_by
  FROM finding
  JOIN consequence ON consequence.kind = finding.kind
  JOIN finding AS cause
    ON cause.kind IN UNNEST(consequence.causes)
      AND (NOT consequence.ends_with OR finding.subject = cause.subject OR ENDS_WITH(finding.subject, CONCAT(':', cause.subject)))
      -- A consequence happens after its cause, so it may still be active when the cause is of the night before.
      AND (cause.is_active OR NOT finding.is_active OR cause.last_at >= TIMESTAMP_SUB(finding.since_last_night, INTERVAL 2 HOUR))
      AND (finding.kind != 'orphans' OR cause.subject IN (SELECT subject FROM list))
  GROUP BY finding.kind, finding.subject
),

silence AS (
  SELECT MAX(subject) AS subject FROM finding WHERE kind = 'silence' AND is_active
)

SELECT
  kind.severity,
  finding.kind,
  finding.subject,
  finding.state,
  kind.what,
  finding.since,
  IF(finding.was_active, IFNULL(finding.counted_before, finding.was), NULL) AS was,
  IF(finding.is_active, IFNULL(finding.counted, finding.peak.amount), NULL) AS now,
  finding.peak.usual AS usual,
  kind.unit,
  finding.peak.detail AS detail,
  kind.runbook,
  IF(finding.kind != 'silence' AND silence.subject IS NOT NULL, 'silence pipeline', explained.explained_by) AS explained_by
FROM finding
JOIN kind ON kind.kind = finding.kind
CROSS JOIN silence
LEFT JOIN explained ON explained.kind = finding.kind AND explained.subject = finding.subject
