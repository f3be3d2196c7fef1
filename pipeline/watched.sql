-- The newest release, and how many runs have judged it: their Dataform step succeeded and no source failed.
-- A rehearsal does not count, and a release that failed was never live.
WITH last_state AS (
  SELECT `release`, state, kind, reason, moment, logged_at
  FROM ops.releases
  WHERE logged_at >= TIMESTAMP '2020-01-01' AND kind IN ('rollout', 'rollback')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY `release` ORDER BY logged_at DESC) = 1
),

newest AS (
  SELECT * FROM last_state
  WHERE state != 'failed'
  ORDER BY moment DESC, `release` DESC
  LIMIT 1
),

run AS (
  SELECT run_id, MIN(started_at) AS step_began
  FROM ops.step_log
  WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 31 DAY)
  GROUP BY run_id
  HAVING LOGICAL_OR(step = 'dataform' AND state = 'succeeded')
    AND NOT LOGICAL_OR(STARTS_WITH(step, 'connector:') AND state = 'failed')
)

SELECT
  newest.`release`,
  newest.state,
  newest.kind,
  IFNULL(newest.reason, '') AS reason,
  newest.moment,
  TIMESTAMP(@started_at) >= newest.logged_at AS began_after,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), newest.logged_at, HOUR) AS hours,
  (SELECT COUNT(*) FROM run WHERE run.step_began >= newest.logged_at) AS good_runs
FROM newest
