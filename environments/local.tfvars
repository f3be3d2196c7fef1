# The sandbox on this machine.
env          = "local"
project_id   = "sandbox-local"
protected    = false
spreadsheets = { daily_sales = "sandbox-daily-sales" }
delivery     = { repository_id = "1" }
rotation     = { first = "2126-01-01T00:00:00Z" } # nothing is due by itself on one machine
