# Pages and metrics of python -m report: no data of a source, but names of tables, files and people's edits.
resource "google_storage_bucket" "pages" {
  #checkov:skip=CKV_GCP_62:usage logs predate Cloud Audit Logs, which environments/main.tf enables for reads too
  #checkov:skip=CKV_GCP_78:a page is written again from the logs in ops; old versions have no use
  project                     = var.project_id
  name                        = var.name
  location                    = var.location
  force_destroy               = true
  labels                      = { component = "report" }
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = var.days
    }
  }
}

resource "google_storage_bucket_iam_member" "writers" {
  for_each = var.writers

  bucket = google_storage_bucket.pages.name
  role   = "roles/storage.objectUser"
  member = each.value
}

resource "google_storage_bucket_iam_member" "readers" {
  for_each = var.readers

  bucket = google_storage_bucket.pages.name
  role   = "roles/storage.objectViewer"
  member = each.value
}
