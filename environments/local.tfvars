# The sandbox on this machine. It runs the jobs from this folder, so the digest of their image does not matter.
env          = "local"
project_id   = "sandbox-local"
protected    = false
spreadsheets = { daily_sales = "sandbox-daily-sales", last_night = "sandbox-last-night" }
delivery     = { repository_id = "999999999999" } # beyond every number that GitHub has assigned
rotation     = { first = "2126-01-01T00:00:00Z" } # no key becomes due on one machine
images = {
  connector   = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  pipeline    = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  report      = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  sheets_sync = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}
