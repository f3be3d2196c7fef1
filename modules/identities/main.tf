# Without keys: Cloud Run, Scheduler and Dataform issue tokens themselves.
resource "google_service_account" "identities" {
  for_each = var.identities

  project      = var.project_id
  account_id   = each.key
  display_name = each.key
  description  = each.value
}
