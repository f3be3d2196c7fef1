# Replace the project, group, address and spreadsheet by your own.
env        = "dev"
project_id = "retail-platform-dev"
protected  = false
groups     = { engineers = "data-engineers@example.com" }
schedules  = { paused = true } # started by hand during development
spreadsheets = {
  daily_sales = "id-of-the-daily-sales-spreadsheet-dev"
  last_night  = "id-of-the-last-night-spreadsheet-dev"
}
channels = { engineers = { address = "data-engineers@example.com" } }
# For delivery by GitHub Actions, with the number from `gh api repos/OWNER/NAME --jq .id`:
# delivery = { repository_id = "" }
