# Put your own project, groups, addresses, repository and spreadsheet here.
env          = "prod"
project_id   = "retail-platform-prod"
groups       = { analysts = "analysts@example.com", engineers = "data-engineers@example.com" }
spreadsheets = { daily_sales = "id-of-the-daily-sales-spreadsheet" }
channels     = { engineers = { address = "data-engineers@example.com" } }
delivery     = { repository_id = "123456789" }
