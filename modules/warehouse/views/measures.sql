-- Each measured value of the last two days beside the usual one. One row a kind, subject, hour and day.
-- Usual is the median of the same hour on the 28 days before, and `spread` how far a value may be from it: a multiple
-- of the median absolute deviation. Mean and standard deviation are moved by the very outlier that they should reveal.
-- Where the same weekday was always different, such as a Sunday without sales, that weekday is what is usual.
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
  UNION ALL
  SELECT 'pause', 5.0, 0.0, 2.0, FALSE
),

-- Distinct: a request whose answer was lost is sent again, and its rows are then there twice.
-- 62 days, as the usual gap of what has not come for weeks is that of the weeks before.
load AS (
  SELECT DISTINCT CONCAT(IFNULL(CONCAT(source, '/'), ''), endpoint) AS subject, run_id, started_at, finished_at, rows_loaded
  FROM `${project}.ops.run_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 62 DAY) AND status IN ('success', 'partial')
),

success AS (
  SELECT 'gap' AS kind, subject, finished_at AS happened_at FROM load
  UNION ALL
  SELECT 'gap', CONCAT('sheet ', export), finished_at
  FROM `${project}.ops.sync_run`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 62 DAY) AND status IN ('success', 'partial')
  UNION ALL
  -- Also a run that failed: without any run nothing can come.
  SELECT 'pause', 'pipeline', finished_at
  FROM `${project}.ops.pipeline_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 62 DAY)
),

-- A gap that is open ends now. It is measured at the end of every night, so what never comes was late on each of them.
moment AS (
  SELECT kind, subject, happened_at, TRUE AS is_success FROM success
  UNION ALL
  SELECT each.kind, each.subject, TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL number DAY), FALSE
  FROM (SELECT DISTINCT kind, subject FROM success) AS each
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, 61)) AS number
),

gap AS (
  SELECT
    kind,
    subject,
    happened_at,
    MAX(IF(is_success, happened_at, NULL)) OVER (
      PARTITION BY kind, subject ORDER BY happened_at, is_success ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS began_at
  FROM moment
),

rewriting AS (
  SELECT table_name, run_id, MAX(logged_at) AS logged_at, COUNT(DISTINCT day) AS days
  FROM `${project}.ops.day_log`
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND table_name = 'ods.sales_orphans'
  GROUP BY run_id, table_name
),

-- `began_at` to `ended_at` is the time in which a cause can have changed the value: for a load since the one before it.
value AS (
  SELECT
    kind,
    subject,
    run_id,
    started_at AS measured_at,
    LAG(finished_at) OVER (PARTITION BY kind, subject ORDER BY started_at) AS began_at,
    finished_at AS ended_at,
    CAST(rows_loaded AS FLOAT64) AS amount
  FROM load
  CROSS JOIN UNNEST(['volume', 'night volume']) AS kind
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY)
  UNION ALL
  SELECT
    'duration',
    CONCAT(schedule, ' ', step),
    run_id,
    started_at,
    LAG(started_at) OVER (PARTITION BY schedule, step ORDER BY started_at),
    TIMESTAMP_ADD(started_at, INTERVAL CAST(seconds AS INT64) SECOND),
    seconds
  FROM `${project}.ops.step_log`
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY) AND state = 'succeeded'
  UNION ALL
  -- The cost of a day is known on the next day, after three o'clock.
  -- sheets_sync's jobs have the label export, and no table that they write.
  SELECT
    'cost',
    IF(label_key = 'export', CONCAT('sheet ', label_value), label_value),
    NULL,
    TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 27 HOUR),
    TIMESTAMP(day),
    TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 1 DAY),
    CAST(gib_billed AS FLOAT64)
  FROM `${project}.ops.costs`
  WHERE day >= DATE_SUB(CURRENT_DATE(), INTERVAL 32 DAY) AND label_key IN ('table', 'export')
  UNION ALL
  SELECT
    'rewritten days',
    table_name,
    run_id,
    logged_at,
    LAG(logged_at) OVER (PARTITION BY table_name ORDER BY logged_at),
    logged_at,
    CAST(days AS FLOAT64)
  FROM rewriting
  UNION ALL
  SELECT kind, subject, NULL, happened_at, began_at, happened_at, TIMESTAMP_DIFF(happened_at, began_at, SECOND) / 3600
  FROM gap
),

-- Runs begin some seconds before or after their minute. Where that is near a full hour, hours are counted from half to half.
placed AS (
  SELECT
    *,
    DIV(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), measured_at, SECOND), 86400) AS age,
    IF(
      kind IN ('volume', 'duration', 'rewritten days'),
      TIMESTAMP_TRUNC(
        TIMESTAMP_ADD(
          measured_at,
          INTERVAL IF(2 * COUNTIF(EXTRACT(MINUTE FROM measured_at) BETWEEN 15 AND 44) OVER (PARTITION BY kind, subject)
            > COUNT(*) OVER (PARTITION BY kind, subject), 0, 30) MINUTE
        ),
        HOUR
      ),
      NULL
    ) AS slot
  FROM value
  WHERE amount IS NOT NULL AND measured_at <= CURRENT_TIMESTAMP()
),

-- Rows of one night are added; of durations and gaps the longest counts, at its own time.
point AS (
  SELECT
    kind,
    subject,
    EXTRACT(HOUR FROM slot) AS hour,
    MIN(age) AS day_number,
    IF(
      kind IN ('volume', 'night volume', 'cost'),
      MAX(measured_at),
      ARRAY_AGG(measured_at ORDER BY amount DESC, measured_at DESC LIMIT 1)[OFFSET(0)]
    ) AS measured_at,
    IF(
      kind IN ('volume', 'night volume', 'cost'),
      MIN(IFNULL(began_at, measured_at)),
      ARRAY_AGG(IFNULL(began_at, measured_at) ORDER BY amount DESC, measured_at DESC LIMIT 1)[OFFSET(0)]
    ) AS began_at,
    IF(
      kind IN ('volume', 'night volume', 'cost'),
      MAX(ended_at),
      ARRAY_AGG(ended_at ORDER BY amount DESC, measured_at DESC LIMIT 1)[OFFSET(0)]
    ) AS ended_at,
    ARRAY_AGG(IFNULL(run_id, '') ORDER BY amount DESC, measured_at DESC LIMIT 1)[OFFSET(0)] AS run_id,
    IF(kind IN ('volume', 'night volume', 'cost'), SUM(amount), MAX(amount)) AS total,
    MAX(amount) AS largest,
    COUNT(*) AS values_added
  FROM placed
  GROUP BY kind, subject, slot, IF(slot IS NULL, age, NULL)
),

history AS (
  SELECT
    *,
    28 + IF(kind IN ('gap', 'pause'), total / 24, 0) AS reach,
    IF(kind IN ('gap', 'pause'), began_at, CURRENT_TIMESTAMP()) AS latest,
    ARRAY_AGG(STRUCT(total AS amount, day_number AS day_number, began_at AS began_at)) OVER (
      PARTITION BY kind, subject, hour ORDER BY day_number RANGE BETWEEN 1 FOLLOWING AND 61 FOLLOWING
    ) AS before
  FROM point
),

-- The 28 days before the value; of a gap those before it began: an earlier point of what is still open does not show
-- what is usual.
earlier AS (
  SELECT
    * EXCEPT (before),
    ARRAY(SELECT each.amount FROM UNNEST(before) AS each WHERE each.day_number <= history.day_number + reach AND each.began_at < latest) AS every,
    ARRAY(
      SELECT each.amount
      FROM UNNEST(before) AS each
      WHERE each.day_number <= history.day_number + reach AND each.began_at < latest AND MOD(each.day_number - history.day_number, 7) = 0
    ) AS weekday
  FROM history
  WHERE day_number IN (0, 1)
),

middle AS (
  SELECT
    *,
    (SELECT ARRAY_AGG(each ORDER BY each)[SAFE_OFFSET(DIV(COUNT(*), 2))] FROM UNNEST(every) AS each) AS median,
    (SELECT ARRAY_AGG(each ORDER BY each)[SAFE_OFFSET(DIV(COUNT(*), 2))] FROM UNNEST(weekday) AS each) AS weekday_median
  FROM earlier
),

deviation AS (
  SELECT
    middle.* EXCEPT (every, weekday),
    ARRAY_LENGTH(every) AS points,
    ARRAY_LENGTH(weekday) AS weekday_points,
    rule.both_ways,
    GREATEST(
      rule.factor * 1.4826 * (
        SELECT ARRAY_AGG(ABS(each - median) ORDER BY ABS(each - median))[SAFE_OFFSET(DIV(COUNT(*), 2))] FROM UNNEST(every) AS each
      ),
      rule.share * ABS(median),
      rule.least
    ) AS spread,
    (
      SELECT ARRAY_AGG(ABS(each - weekday_median) ORDER BY ABS(each - weekday_median))[SAFE_OFFSET(DIV(COUNT(*), 2))]
      FROM UNNEST(weekday) AS each
    ) AS weekday_mad,
    GREATEST(rule.share * ABS(weekday_median), rule.least) AS weekday_spread
  FROM middle
  JOIN rule ON rule.kind = middle.kind
),

-- 1.4826 makes the deviation comparable with a standard deviation where values are distributed normally.
-- Fewer than seven points are too young to say.
judged AS (
  SELECT
    * EXCEPT (spread),
    weekday_points >= 3 AND weekday_mad <= weekday_spread AND ABS(weekday_median - median) > spread AS is_of_weekday,
    IF(points >= 7, spread, NULL) AS spread
  FROM deviation
),

compared AS (
  SELECT
    * EXCEPT (spread),
    IF(points >= 7, IF(is_of_weekday, weekday_median, median), NULL) AS usual,
    IF(is_of_weekday, weekday_spread, spread) AS spread
  FROM judged
),

-- A list that is copied a little earlier than the night before, or again after an error, came once.
chosen AS (
  SELECT
    *,
    IF(
      kind IN ('volume', 'night volume') AND values_added BETWEEN 2 AND 3 AND ABS(largest - usual) < ABS(total - usual),
      largest,
      total
    ) AS amount
  FROM compared
)

SELECT
  kind,
  subject,
  hour,
  day_number,
  measured_at,
  began_at,
  ended_at,
  NULLIF(run_id, '') AS run_id,
  amount,
  points,
  usual,
  IF(points >= 7, spread, NULL) AS spread,
  points >= 7 AND (amount - usual > spread OR both_ways AND usual - amount > spread) AS is_unusual
FROM chosen
