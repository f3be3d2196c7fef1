# Put your own project, groups, addresses, repository and spreadsheet here.
env          = "dev"
project_id   = "retail-platform-dev"
protected    = false
groups       = { engineers = "data-engineers@example.com" }
schedules    = { paused = true } # started by hand while something is being built
spreadsheets = { daily_sales = "id-of-the-daily-sales-spreadsheet-dev" }
channels     = { engineers = { address = "data-engineers@example.com" } }
delivery     = { repository_id = "123456789" }
