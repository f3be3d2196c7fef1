# The sandbox on this machine. It runs the jobs from this folder, so the digest of their image does not matter.
env        = "local"
project_id = "sandbox-local"
protected  = false
spreadsheets = {
  approved_it    = "sandbox-purchases-of-it"
  approved_legal = "sandbox-purchases-of-legal"
  budgets        = "sandbox-budgets"
  open_requests  = "sandbox-purchase-requests"
}
source_spreadsheets = { desk = "sandbox-purchase-requests" } # what people write beside the requests is read back
notices = {
  smtp   = { host = "mail.backoffice.example", from = "data@backoffice.example" }
  report = ["engineers@backoffice.example"]
}
delivery = { repository_id = "999999999999" } # beyond every number that GitHub has assigned
rotation = { first = "2126-01-01T00:00:00Z" } # no key becomes due on one machine
images = {
  connector   = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  pipeline    = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  report      = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  sheets_sync = "sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}
