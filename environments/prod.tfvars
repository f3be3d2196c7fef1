# Put your own project, groups and spreadsheet here.
env          = "prod"
project_id   = "retail-platform-prod"
groups       = { analysts = "analysts@example.com", engineers = "data-engineers@example.com" }
spreadsheets = { daily_sales = "id-of-the-daily-sales-spreadsheet" }
