"""How far earlier runs of an endpoint have copied, from the windows in ops.run_log."""

FINISHED = "('success', 'partial')"  # states after which the next run starts later
# Rows from before 2026-11-28 have no source; then every endpoint had its own name.
SAME_ENDPOINT = "endpoint = @endpoint AND (source = @source OR source IS NULL)"
# Windows sorted by their start. One that begins after all earlier ones have ended starts a new stretch: a
# back-fill ahead of the others, so the ids between are still requested.
WATERMARK_QUERY = f"""
WITH windows AS (
  SELECT window_from, window_until, started_at
  FROM ops.run_log
  WHERE {SAME_ENDPOINT} AND status IN {FINISHED} AND window_from IS NOT NULL AND window_until IS NOT NULL
),
reaches AS (
  SELECT *, MAX(window_until) OVER (
    ORDER BY window_from, window_until ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS reached
  FROM windows
),
stretches AS (
  SELECT *, COUNTIF(window_from > reached + 1) OVER (
    ORDER BY window_from, window_until ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS stretch
  FROM reaches
)
SELECT
  (
    SELECT MAX(window_until) FROM stretches
    WHERE stretch = (SELECT stretch FROM stretches ORDER BY started_at, window_from LIMIT 1)
  ),
  (SELECT UNIX_MILLIS(MAX(started_at)) FROM ops.run_log WHERE {SAME_ENDPOINT})
"""
