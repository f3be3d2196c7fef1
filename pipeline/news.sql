-- The findings of ops.last_night whose state no run has reported, which become reported. Consequences are left out,
-- and what is known is not news, unless its recovery was reported; a recovery is news only after a report of what recovered.
INSERT INTO ops.finding_log (run_id, kind, subject, state, severity, what, amount, unit, runbook, logged_at)
SELECT
  @run_id, finding.kind, finding.subject, finding.state, finding.severity, finding.what, finding.now, finding.unit, finding.runbook,
  CURRENT_TIMESTAMP()
FROM ops.last_night AS finding
LEFT JOIN (
  SELECT kind, subject, ARRAY_AGG(state ORDER BY logged_at DESC LIMIT 1)[OFFSET(0)] AS state, MAX(logged_at) AS reported_at
  FROM ops.finding_log
  -- A finding may last for months.
  WHERE logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 400 DAY)
  GROUP BY kind, subject
) AS reported
  ON reported.kind = finding.kind AND reported.subject = finding.subject
WHERE finding.explained_by IS NULL
  AND CASE finding.state
    WHEN 'new' THEN IFNULL(reported.state, 'recovered') = 'recovered' OR reported.reported_at < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)
    WHEN 'worse' THEN IFNULL(reported.state, 'recovered') != 'worse'
    -- It began again within two nights of its recovery, so the view compares it with itself.
    WHEN 'known' THEN reported.state = 'recovered'
    WHEN 'recovered' THEN reported.state IN ('new', 'worse', 'known')
    ELSE FALSE
  END;

SELECT kind, subject, state, severity, what, amount, unit, runbook
FROM ops.finding_log
WHERE run_id = @run_id AND logged_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)
ORDER BY kind, subject
