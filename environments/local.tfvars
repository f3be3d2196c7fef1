# The sandbox on this machine.
env          = "local"
project_id   = "sandbox-local"
protected    = false
spreadsheets = { daily_sales = "sandbox-daily-sales" }
