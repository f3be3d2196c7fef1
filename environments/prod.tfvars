# Replace the project, groups, address and spreadsheet by your own.
env        = "prod"
project_id = "retail-platform-prod"
groups     = { analysts = "analysts@example.com", engineers = "data-engineers@example.com" }
spreadsheets = {
  daily_sales = "id-of-the-daily-sales-spreadsheet"
  last_night  = "id-of-the-last-night-spreadsheet"
}
channels = { engineers = { address = "data-engineers@example.com" } }
# For delivery by GitHub Actions, with the number from `gh api repos/OWNER/NAME --jq .id`:
# delivery = { repository_id = "" }
