data "google_project" "this" {
  project_id = var.project_id
}

# An API stays enabled when Terraform stops managing it: something else may use it by then.
resource "google_project_service" "services" {
  for_each = var.services

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

# Data Access logs are off by default except in BigQuery, so without this a read of a secret or a file leaves no
# trace: https://cloud.google.com/logging/docs/audit/configure-data-access
resource "google_project_iam_audit_config" "reads" {
  for_each = var.audited_services

  project = var.project_id
  service = each.key

  audit_log_config {
    log_type = "DATA_READ"
  }
}
