-- The verdict for readers of a sheet: one row that states it, then one row a finding. Never empty, as a tab without
-- rows would not show whether nothing is wrong or nothing was written. Computes nothing: all is ops.last_night.
-- Consequences and error texts are left out: the page has them, for engineers.
WITH finding AS (
  SELECT severity, kind, subject, state, what, since, was, now, usual, unit, runbook
  FROM `${project}.ops.last_night`
  WHERE explained_by IS NULL
),

newest AS (
  SELECT MAX(finished_at) AS finished_at
  FROM `${project}.ops.pipeline_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY)
),

total AS (
  SELECT
    COUNTIF(state != 'recovered') AS findings,
    COUNTIF(state = 'recovered') AS recovered,
    COUNTIF(state != 'recovered' AND severity = 'error') AS errors,
    COUNTIF(state != 'recovered' AND severity = 'warning') AS warnings
  FROM finding
)

SELECT
  0 AS position,
  'verdict' AS kind,
  'last night' AS subject,
  CASE
    WHEN total.findings = 0 THEN 'good'
    WHEN total.errors > 0 THEN 'error'
    WHEN total.warnings > 0 THEN 'warning'
    ELSE 'info'
  END AS state,
  CONCAT(
    CASE total.findings
      WHEN 0 THEN 'Nothing is wrong.'
      WHEN 1 THEN '1 finding.'
      ELSE CONCAT(CAST(total.findings AS STRING), ' findings.')
    END,
    IF(total.recovered > 0, CONCAT(' ', CAST(total.recovered AS STRING), ' recovered.'), ''),
    IFNULL(FORMAT_TIMESTAMP(' The newest run ended on %Y-%m-%d at %H:%M UTC.', newest.finished_at), ' No run of 31 days.')
  ) AS what,
  CAST(NULL AS TIMESTAMP) AS since,
  CAST(NULL AS FLOAT64) AS was,
  CAST(NULL AS FLOAT64) AS now,
  CAST(NULL AS FLOAT64) AS usual,
  CAST(NULL AS STRING) AS unit,
  CAST(NULL AS STRING) AS runbook
FROM total
CROSS JOIN newest
UNION ALL
SELECT
  ROW_NUMBER() OVER (
    ORDER BY STRPOS('error warning info', severity), STRPOS('new worse known recovered', state), kind, subject
  ),
  kind,
  subject,
  state,
  -- Of a check that could not run the reason follows, an error text.
  REGEXP_REPLACE(what, '(?s)^could not run: .*', 'could not run'),
  since,
  ROUND(was, 1),
  ROUND(now, 1),
  ROUND(usual, 1),
  unit,
  runbook
FROM finding
