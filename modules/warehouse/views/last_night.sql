-- What is wrong, or was until last night: one row a finding. The only place where a verdict is computed.
-- Last night is the last 24 hours (day_number 0), the night before the 24 hours before it (1).
-- new: only last night. known: both nights. worse: both, and at least twice as much. recovered: only the night before.
-- A finding with `explained_by` is a consequence of that other one and not part of the verdict.
WITH kind AS (
  SELECT 'silence' AS kind, 'error' AS severity, 'pipeline-failed' AS runbook, 'left no row of a run' AS what, 'hours' AS unit
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
  SELECT 'pause', 'error', 'pipeline-failed', 'did not run', 'hours'
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

-- What can cause what. `link` is what connects the two, and both must have happened at the same time:
-- subject: the same endpoint or sheet. step: the step of the pipeline that copies, transforms or publishes it.
-- run: the same run of the pipeline. list: a list of products or customers, and orphans of a day on which it was missing.
-- table: tables that are made of sales. any: without the pipeline nothing comes.
consequence AS (
  SELECT 'step' AS kind, 'step' AS link, ['source', 'file', 'sync'] AS causes
  UNION ALL
  SELECT 'step', 'run', ['action', 'check']
  UNION ALL
  SELECT 'run', 'run', ['action', 'check', 'step']
  UNION ALL
  SELECT 'pause', 'any', ['silence']
  UNION ALL
  SELECT 'gap', 'any', ['silence', 'pause']
  UNION ALL
  SELECT 'gap', 'step', ['source', 'step']
  UNION ALL
  SELECT 'gap', 'subject', ['sync']
  UNION ALL
  SELECT 'gap', 'blocked', ['step']
  UNION ALL
  SELECT 'night volume', 'any', ['silence', 'pause']
  UNION ALL
  SELECT 'night volume', 'step', ['source', 'file', 'duplicate', 'gap', 'step']
  UNION ALL
  SELECT 'volume', 'any', ['silence', 'pause']
  UNION ALL
  SELECT 'volume', 'step', ['source', 'file', 'duplicate', 'gap', 'step', 'night volume']
  UNION ALL
  SELECT 'duration', 'step', ['source', 'duplicate', 'gap', 'volume']
  UNION ALL
  SELECT 'duration', 'run', ['rewritten days']
  UNION ALL
  SELECT 'duration', 'before', ['volume']
  UNION ALL
  SELECT 'rewritten days', 'before', ['source', 'duplicate', 'gap']
  UNION ALL
  SELECT 'orphans', 'list', ['source', 'step', 'gap']
  UNION ALL
  SELECT 'cost', 'table', ['rewritten days', 'duplicate']
  UNION ALL
  SELECT 'quality', 'any', ['silence', 'pause']
  UNION ALL
  SELECT 'quality', 'age', ['source', 'step', 'gap']
),

-- Which table of raw each endpoint fills: two sources may have an endpoint of one name. Marts that are made of sales
-- exist only with that table.
declared AS (
  SELECT each.subject, each.table_name, COUNTIF(each.table_name = 'sales') OVER () > 0 AS has_sales
  FROM UNNEST(ARRAY<STRUCT<subject STRING, table_name STRING>>[${endpoints}]) AS each
),

run_count AS (
  SELECT
    COUNTIF(started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS last_night,
    COUNTIF(started_at BETWEEN TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY) AND TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS night_before,
    COUNTIF(started_at < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)) AS earlier
  FROM `${project}.ops.pipeline_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY)
),

-- An outage lasts from the last good load before a failed one to the next, or until now.
load AS (
  SELECT
    CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject,
    status,
    run_id,
    started_at,
    finished_at,
    error,
    MAX(IF(status IN ('success', 'partial'), finished_at, NULL)) OVER earlier AS outage_from,
    MIN(IF(status IN ('success', 'partial'), finished_at, NULL)) OVER later AS outage_until
  FROM `${project}.ops.run_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY)
  WINDOW
    earlier AS (PARTITION BY source, endpoint ORDER BY started_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    later AS (PARTITION BY source, endpoint ORDER BY started_at ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
),

-- `step`: the step of the pipeline that it belongs to. `began_at` to `ended_at`: when it happened. Three nights, as a
-- consequence of the night before may have its cause in the one before that.
bad AS (
  SELECT 'source' AS kind, subject, CONCAT('connector:', subject) AS step, run_id, started_at AS happened_at, started_at AS began_at, finished_at AS ended_at, outage_from, IFNULL(outage_until, CURRENT_TIMESTAMP()) AS outage_until, 1.0 AS amount, CAST(NULL AS FLOAT64) AS usual, CAST(NULL AS FLOAT64) AS spread, error AS detail
  FROM load
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND status IN ('failed', 'incomplete')
  UNION ALL
  SELECT 'file', CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint), CONCAT('connector:', IFNULL(CONCAT(source, '/'), ''), endpoint), run_id, logged_at, logged_at, logged_at, NULL, NULL, 1.0, NULL, NULL, CONCAT(file_name, ': ', IFNULL(reason, 'no reason'))
  FROM `${project}.ops.file_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND state = 'failed'
  UNION ALL
  SELECT 'duplicate', CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint), CONCAT('connector:', IFNULL(CONCAT(source, '/'), ''), endpoint), CAST(NULL AS STRING), MAX(logged_at), MAX(logged_at), MAX(logged_at), CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP), CAST(MAX(`rows`) AS FLOAT64), NULL, NULL, file_name
  FROM `${project}.ops.file_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND state = 'archived'
  GROUP BY source, endpoint, file_name
  HAVING COUNT(DISTINCT run_id) > 1 AND MAX(logged_at) >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY)
  UNION ALL
  SELECT 'step', step, step, run_id, started_at, started_at, TIMESTAMP_ADD(started_at, INTERVAL CAST(seconds AS INT64) SECOND), NULL, NULL, 1.0, NULL, NULL, reason
  FROM `${project}.ops.step_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND state = 'failed'
  UNION ALL
  SELECT 'run', schedule, NULL, run_id, started_at, started_at, finished_at, NULL, NULL, 1.0, NULL, NULL, error
  FROM `${project}.ops.pipeline_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND state = 'failed'
  UNION ALL
  -- A check without a number of rows was not evaluated: its query failed.
  SELECT IF(kind = 'check', 'check', 'action'), action, 'dataform', run_id, logged_at, logged_at, logged_at, NULL, NULL, IF(kind = 'check', CAST(bad_rows AS FLOAT64), 1.0), NULL, NULL, reason
  FROM `${project}.ops.action_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND state = 'failed'
  UNION ALL
  SELECT IF(status = 'failed', 'sync', 'unpublished'), CONCAT('sheet ', export), 'sheets_sync', run_id, started_at, started_at, finished_at, NULL, NULL, IF(status = 'failed', 1.0, CAST(rejected AS FLOAT64)), NULL, NULL, error
  FROM `${project}.ops.sync_run`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND (status = 'failed' OR rejected > 0)
  UNION ALL
  SELECT 'edits', CONCAT('sheet ', export), 'sheets_sync', run_id, started_at, started_at, finished_at, NULL, NULL, CAST(drift AS FLOAT64), NULL, NULL, CONCAT('in the tab ', title)
  FROM `${project}.ops.sync_run`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND drift > 0
  UNION ALL
  -- The mail of the job report is about this view and no export.
  SELECT 'notice', IF(export = 'ops.last_night', 'mail about last night', CONCAT('sheet ', export)), NULL, run_id, logged_at, logged_at, logged_at, NULL, NULL, 1.0, NULL, NULL, error
  FROM `${project}.ops.notice_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND state = 'failed'
  UNION ALL
  SELECT 'quality', CONCAT(table_name, IFNULL(CONCAT('.', column_name), ''), ' ', rule), 'dataform', NULL, checked_at, checked_at, checked_at, NULL, NULL, CAST(measured AS FLOAT64), NULL, NULL, rule
  FROM `${project}.ops.quality_results`
  WHERE checked_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY) AND level = 'warn'
  UNION ALL
  SELECT 'drift', CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint), NULL, run_id, logged_at, logged_at, logged_at, NULL, NULL, 1.0, NULL, NULL, CONCAT(change, ': ', field)
  FROM `${project}.ops.drift`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY)
  UNION ALL
  -- Per day: in a rate over all history a bad day would disappear. Few lines say nothing about a rate.
  SELECT 'orphans', table_name, 'dataform', run_id, logged_at, TIMESTAMP(day), TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 1 DAY), NULL, NULL, 100 * bad_rows / `rows`, 100 * ${orphan_rate}, NULL, CONCAT('day ', CAST(day AS STRING))
  FROM `${project}.ops.day_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY)
    AND table_name = 'ods.sales_orphans' AND bad_rows >= 5 AND bad_rows > ${orphan_rate} * `rows`
  UNION ALL
  SELECT 'rejects', table_name, 'dataform', run_id, logged_at, logged_at, logged_at, NULL, NULL, CAST(bad_rows AS FLOAT64), NULL, NULL, CONCAT('files of ', CAST(day AS STRING))
  FROM `${project}.ops.day_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 DAY)
    AND table_name != 'ods.sales_orphans' AND bad_rows > ${rejects}
  UNION ALL
  SELECT
    kind,
    subject,
    CASE
      WHEN STARTS_WITH(subject, 'sheet ') THEN 'sheets_sync'
      WHEN kind IN ('volume', 'night volume', 'gap') THEN CONCAT('connector:', subject)
      WHEN kind = 'duration' THEN REGEXP_REPLACE(subject, '^[^ ]* ', '')
      WHEN kind = 'rewritten days' THEN 'dataform'
    END,
    run_id, measured_at, began_at, ended_at, NULL, NULL, amount, usual, spread, NULL
  FROM `${project}.ops.measures`
  WHERE is_unusual
  UNION ALL
  SELECT 'silence', 'pipeline', NULL, NULL, CURRENT_TIMESTAMP(), TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY), CURRENT_TIMESTAMP(), NULL, NULL, 24.0, NULL, NULL, 'ops.pipeline_log has no row of the last 24 hours'
  FROM run_count
  WHERE last_night = 0
  UNION ALL
  SELECT 'silence', 'pipeline', NULL, NULL, TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 25 HOUR), TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY), TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY), NULL, NULL, 24.0, NULL, NULL, 'ops.pipeline_log has no row of 24 hours'
  FROM run_count
  WHERE night_before = 0 AND earlier > 0
),

-- Distinct, as a row may be stored twice. What is measured at the end of a night is of that night.
occurrence AS (
  SELECT DISTINCT
    bad.* EXCEPT (subject, outage_from, outage_until),
    bad.subject,
    IFNULL(outage_from, began_at) AS outage_from,
    IFNULL(outage_until, ended_at) AS outage_until,
    GREATEST(DIV(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), happened_at, SECOND), 86400), 0) AS day_number,
    ABS(amount - IFNULL(usual, 0)) AS distance,
    -- The table that it is about: of an endpoint the one that it fills.
    IFNULL(declared.table_name, bad.subject) AS table_name,
    IFNULL(declared.has_sales, TRUE) AS has_sales
  FROM bad
  LEFT JOIN declared ON declared.subject = REGEXP_REPLACE(bad.subject, '^connector:', '')
),

-- How much of a night is unusual besides the loads that an outage, a file or a step can have changed.
remainder AS (
  SELECT subject, day_number, SUM(IF(causes = 0, difference, 0)) AS difference
  FROM (
    SELECT hour.subject, hour.day_number, hour.measured_at, hour.amount - hour.usual AS difference, COUNT(cause.kind) AS causes
    FROM `${project}.ops.measures` AS hour
    LEFT JOIN occurrence AS cause
      ON cause.step = CONCAT('connector:', hour.subject)
        AND cause.kind IN ('source', 'file', 'duplicate', 'step', 'gap')
        AND cause.began_at <= hour.ended_at AND cause.ended_at >= hour.began_at
    WHERE hour.kind = 'volume'
    GROUP BY hour.subject, hour.day_number, hour.measured_at, difference
  )
  GROUP BY subject, day_number
),

cause AS (
  SELECT consequence.kind AS consequence, consequence.link, occurrence.*
  FROM consequence
  CROSS JOIN UNNEST(consequence.causes) AS cause_kind
  JOIN occurrence ON occurrence.kind = cause_kind
),

linked AS (
  SELECT
    finding.kind,
    finding.subject,
    finding.day_number,
    finding.happened_at,
    finding.began_at,
    finding.amount,
    finding.usual,
    finding.distance,
    finding.detail,
    ARRAY_AGG(
      IF(cause.kind IS NULL, NULL, CONCAT(cause.kind, ' ', cause.subject)) IGNORE NULLS
      ORDER BY STRPOS('silence pause check action source file sync duplicate step gap night volume', cause.kind), cause.subject LIMIT 1
    )[SAFE_OFFSET(0)] AS explained_by
  FROM occurrence AS finding
  LEFT JOIN remainder ON finding.kind = 'night volume' AND remainder.subject = finding.subject AND remainder.day_number = finding.day_number
  LEFT JOIN cause
    ON cause.consequence = finding.kind
      AND cause.day_number <= finding.day_number + 1
      -- What is still open has a cause of last night: one of the night before is over.
      AND (cause.day_number = 0 OR finding.day_number > 0 OR finding.kind NOT IN ('gap', 'pause') OR finding.ended_at < CURRENT_TIMESTAMP())
      AND CASE cause.link
        WHEN 'any' THEN finding.kind != 'quality' OR ENDS_WITH(finding.subject, ' age')
        WHEN 'subject' THEN cause.subject = finding.subject
        WHEN 'step' THEN cause.step = finding.step
        WHEN 'run' THEN cause.run_id = finding.run_id
        WHEN 'blocked' THEN STARTS_WITH(finding.subject, 'sheet ') AND cause.subject = 'dataform'
        WHEN 'before' THEN
          cause.has_sales AND cause.table_name IN ('sales', 'products', 'customers')
          AND cause.outage_until BETWEEN TIMESTAMP_SUB(finding.began_at, INTERVAL 1 HOUR) AND finding.ended_at
        WHEN 'list' THEN IF(cause.kind = 'step', STARTS_WITH(cause.subject, 'connector:'), TRUE) AND cause.has_sales AND cause.table_name IN ('products', 'customers')
        WHEN 'age' THEN finding.subject = CONCAT('ods.', cause.table_name, ' age')
        WHEN 'table' THEN
          cause.subject = finding.subject
          OR cause.kind = 'duplicate' AND REGEXP_CONTAINS(finding.subject, CONCAT('^ods[.]', cause.table_name, '(_(changes|days|history|orphans|rejects))?$'))
          OR REGEXP_CONTAINS(finding.subject, '^(dmt[.]|sheet )') AND cause.has_sales AND cause.table_name IN ('sales', 'products', 'customers', 'ods.sales_orphans')
      END
      -- The clocks of two processes differ, and the end of a job is noticed later.
      AND CASE
        WHEN cause.link = 'run' OR cause.link = 'before' THEN TRUE
        -- A day of the shop and a day of UTC begin at different times; a cost is known a night later.
        WHEN cause.link IN ('list', 'age', 'table') THEN
          cause.outage_from <= TIMESTAMP_ADD(finding.ended_at, INTERVAL 1 DAY)
          AND cause.outage_until >= TIMESTAMP_SUB(finding.began_at, INTERVAL 1 DAY)
        ELSE
          cause.began_at <= TIMESTAMP_ADD(finding.ended_at, INTERVAL 10 MINUTE)
          AND cause.ended_at >= TIMESTAMP_SUB(finding.began_at, INTERVAL 10 MINUTE)
      END
      AND CASE finding.kind
        -- An outage that is over moved rows to a later load; only one that lasts takes them from the night.
        WHEN 'night volume' THEN
          IF(
            finding.amount > finding.usual,
            cause.kind != 'file',
            cause.kind = 'file' OR cause.outage_until >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL finding.day_number DAY)
          )
          AND ABS(IFNULL(remainder.difference, 0)) <= finding.spread
        WHEN 'volume' THEN cause.usual IS NULL OR cause.kind = 'gap' OR (cause.amount > cause.usual) = (finding.amount > finding.usual)
        -- More rows take longer; fewer do not. A copy does not read what Dataform writes.
        WHEN 'duration' THEN
          CASE cause.kind
            WHEN 'volume' THEN cause.amount > cause.usual AND (cause.link = 'step' OR finding.step = 'dataform')
            WHEN 'rewritten days' THEN NOT STARTS_WITH(finding.step, 'connector:')
            ELSE TRUE
          END
        -- An outage delays the rows of its own days, and a replayed file may contain any day.
        WHEN 'rewritten days' THEN
          cause.kind = 'duplicate'
          OR finding.amount - finding.usual - finding.spread <= TIMESTAMP_DIFF(cause.outage_until, cause.outage_from, DAY) + 1
        ELSE TRUE
      END
  GROUP BY
    finding.kind, finding.subject, finding.day_number, finding.happened_at, finding.began_at, finding.amount, finding.usual, finding.distance,
    finding.detail
),

-- Where one thing has causes of others and one of its own, the latter is the finding.
own AS (
  SELECT
    *,
    COUNTIF(explained_by IS NULL) OVER (PARTITION BY kind, subject) > 0 AS has_own,
    day_number = 0 AS is_last_night,
    kind IN ('source', 'file', 'step', 'run', 'action', 'sync', 'notice', 'drift', 'duplicate') AS is_counted
  FROM linked
  WHERE day_number <= 1
),

-- Each failed load, sync or file counts; of values the farthest one is the finding.
episode AS (
  SELECT
    kind,
    subject,
    LOGICAL_OR(is_last_night) AS is_active,
    LOGICAL_OR(NOT is_last_night) AS was_active,
    MIN(IF(kind IN ('gap', 'pause'), began_at, happened_at)) AS since,
    MIN(IF(is_last_night, began_at, NULL)) = MIN(IF(is_last_night, NULL, began_at)) AS is_same,
    ARRAY_AGG(STRUCT(amount AS amount, usual AS usual, detail AS detail) ORDER BY is_last_night DESC, distance DESC, happened_at LIMIT 1)[OFFSET(0)] AS peak,
    MAX(IF(is_last_night, distance, NULL)) AS distance,
    MAX(IF(is_last_night, NULL, distance)) AS distance_before,
    IF(LOGICAL_OR(is_counted), SUM(IF(is_last_night, amount, 0)), NULL) AS counted,
    IF(LOGICAL_OR(is_counted), SUM(IF(is_last_night, 0, amount)), NULL) AS counted_before,
    MAX(IF(is_last_night, NULL, amount)) AS was,
    MIN(explained_by) AS explained_by
  FROM own
  WHERE explained_by IS NULL OR NOT has_own
  GROUP BY kind, subject
),

finding AS (
  SELECT
    episode.*,
    CASE
      WHEN NOT is_active THEN 'recovered'
      WHEN NOT was_active THEN 'new'
      -- A gap grows by itself. One of less than a day that began the night before is one of the night in which it ended.
      WHEN kind IN ('gap', 'pause') AND is_same THEN IF(peak.amount < 24, 'new', 'known')
      WHEN IFNULL(counted, distance) >= 2 * IFNULL(counted_before, distance_before) THEN 'worse'
      ELSE 'known'
    END AS state
  FROM episode
),

silence AS (
  SELECT MAX(subject) AS subject FROM finding WHERE kind = 'silence' AND is_active
)

SELECT
  kind.severity,
  finding.kind,
  finding.subject,
  finding.state,
  IF(finding.kind = 'check' AND finding.peak.amount IS NULL, CONCAT('could not run: ', IFNULL(SUBSTR(finding.peak.detail, 1, 200), 'no reason')), kind.what) AS what,
  finding.since,
  IF(finding.was_active, IFNULL(finding.counted_before, finding.was), NULL) AS was,
  IF(finding.is_active, IFNULL(finding.counted, finding.peak.amount), NULL) AS now,
  finding.peak.usual AS usual,
  kind.unit,
  finding.peak.detail AS detail,
  kind.runbook,
  CASE
    WHEN finding.explained_by IS NOT NULL THEN IFNULL(root.explained_by, finding.explained_by)
    -- Without a run nothing shows that it recovered.
    WHEN NOT finding.is_active AND finding.kind != 'silence' AND silence.subject IS NOT NULL THEN 'silence pipeline'
  END AS explained_by
FROM finding
JOIN kind ON kind.kind = finding.kind
CROSS JOIN silence
LEFT JOIN finding AS root ON CONCAT(root.kind, ' ', root.subject) = finding.explained_by
