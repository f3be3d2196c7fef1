-- Each measured value of the last two days beside the usual one. One row a kind, subject, hour and day.
-- Usual is the median of the same hour on the 28 days before, and `spread` how far a value may be from it: a multiple
-- of the median absolute deviation. Mean and standard deviation are moved by the very outlier that they should reveal.
-- `day_number` counts days of 24 hours backwards from now: 0 is the last night.
WITH rule AS (
  -- Factor of the deviation, least share of the median, least difference; whether too little is also wrong.
  SELECT 'volume' AS kind, 8.0 AS factor, 0.25 AS share, 20.0 AS least, TRUE AS both_ways
  UNION ALL
  SELECT 'night volume', 5.0, 0.25, 20.0, TRUE
  UNION ALL
  SELECT 'duration', 6.0, 1.0, 60.0, FALSE
  UNION ALL
  SELECT 'cost', 5.0, 1.0, 0.1, FALSE
  UNION ALL
  SELECT 'rewritten days', 5.0, 1.0, 6.0, FALSE
  UNION ALL
  SELECT 'gap', 5.0, 0.0, 2.0, FALSE
),

load AS (
  SELECT CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, started_at, finished_at, rows_loaded
  FROM `${project}.ops.run_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND status IN ('success', 'partial')
),

success AS (
  SELECT subject, finished_at AS happened_at FROM load
  UNION ALL
  SELECT CONCAT('sheet ', export) AS subject, finished_at AS happened_at
  FROM `${project}.ops.sync_run`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND status IN ('success', 'partial')
),

-- The last gap is open: it ends now.
moment AS (
  SELECT subject, happened_at FROM success
  UNION ALL
  SELECT DISTINCT subject, CURRENT_TIMESTAMP() AS happened_at FROM success
),

value AS (
  SELECT 'volume' AS kind, subject, started_at AS measured_at, CAST(rows_loaded AS FLOAT64) AS amount FROM load
  UNION ALL
  SELECT 'night volume' AS kind, subject, started_at AS measured_at, CAST(rows_loaded AS FLOAT64) AS amount FROM load
  UNION ALL
  SELECT 'duration' AS kind, CONCAT(schedule, ' ', step) AS subject, started_at AS measured_at, seconds AS amount
  FROM `${project}.ops.step_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND state = 'succeeded'
  UNION ALL
  -- The cost of a day is known on the next day, after three o'clock.
  -- sheets_sync's jobs have the label export, and no table that they write.
  SELECT 'cost' AS kind, IF(label_key = 'export', CONCAT('sheet ', label_value), label_value) AS subject, TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 27 HOUR) AS measured_at, CAST(gib_billed AS FLOAT64) AS amount
  FROM `${project}.ops.costs`
  WHERE day >= DATE_SUB(CURRENT_DATE(), INTERVAL 32 DAY) AND label_key IN ('table', 'export')
  UNION ALL
  SELECT 'rewritten days' AS kind, table_name AS subject, MAX(logged_at) AS measured_at, CAST(COUNT(DISTINCT day) AS FLOAT64) AS amount
  FROM `${project}.ops.day_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND table_name = 'ods.sales_orphans'
  GROUP BY run_id, table_name
  UNION ALL
  SELECT
    'gap' AS kind,
    subject,
    happened_at AS measured_at,
    TIMESTAMP_DIFF(happened_at, LAG(happened_at) OVER (PARTITION BY subject ORDER BY happened_at), SECOND) / 3600 AS amount
  FROM moment
),

-- Rows of one night are added; of durations and gaps the longest counts, at its own time.
point AS (
  SELECT
    kind,
    subject,
    IF(kind IN ('volume', 'duration', 'rewritten days'), EXTRACT(HOUR FROM measured_at), NULL) AS hour,
    DIV(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), measured_at, SECOND), 86400) AS day_number,
    IF(
      kind IN ('volume', 'night volume', 'cost'),
      MAX(measured_at),
      ARRAY_AGG(measured_at ORDER BY amount DESC, measured_at DESC LIMIT 1)[OFFSET(0)]
    ) AS measured_at,
    IF(kind IN ('volume', 'night volume', 'cost'), SUM(amount), MAX(amount)) AS amount
  FROM value
  WHERE amount IS NOT NULL AND measured_at <= CURRENT_TIMESTAMP()
  GROUP BY kind, subject, hour, day_number
),

history AS (
  SELECT
    *,
    ARRAY_AGG(amount) OVER (
      PARTITION BY kind, subject, hour ORDER BY day_number RANGE BETWEEN 1 FOLLOWING AND 28 FOLLOWING
    ) AS before
  FROM point
),

middle AS (
  SELECT
    * EXCEPT (before),
    before,
    (SELECT ARRAY_AGG(earlier ORDER BY earlier)[SAFE_OFFSET(DIV(COUNT(*), 2))] FROM UNNEST(before) AS earlier) AS median
  FROM history
  WHERE day_number IN (0, 1)
),

deviation AS (
  SELECT
    * EXCEPT (before),
    IFNULL(ARRAY_LENGTH(before), 0) AS points,
    (
      SELECT ARRAY_AGG(ABS(earlier - median) ORDER BY ABS(earlier - median))[SAFE_OFFSET(DIV(COUNT(*), 2))]
      FROM UNNEST(before) AS earlier
    ) AS mad
  FROM middle
)

SELECT
  deviation.kind,
  deviation.subject,
  deviation.hour,
  deviation.day_number,
  deviation.measured_at,
  deviation.amount,
  deviation.points,
  -- Fewer than seven points are too young to say.
  IF(deviation.points >= 7, deviation.median, NULL) AS usual,
  -- 1.4826 makes the deviation comparable with a standard deviation where values are distributed normally.
  IF(deviation.points >= 7, GREATEST(rule.factor * 1.4826 * deviation.mad, rule.share * ABS(deviation.median), rule.least), NULL) AS spread,
  deviation.points >= 7 AND (
    deviation.amount - deviation.median > GREATEST(rule.factor * 1.4826 * deviation.mad, rule.share * ABS(deviation.median), rule.least)
    OR rule.both_ways
    AND deviation.median - deviation.amount > GREATEST(rule.factor * 1.4826 * deviation.mad, rule.share * ABS(deviation.median), rule.least)
  ) AS is_unusual
FROM deviation
JOIN rule ON rule.kind = deviation.kind
