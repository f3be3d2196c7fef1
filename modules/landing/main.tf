resource "google_storage_bucket" "landing" {
  #checkov:skip=CKV_GCP_62:usage logs are from before Cloud Audit Logs, which say who read what
  project                     = var.project_id
  name                        = var.name
  location                    = var.location
  force_destroy               = !var.protected
  labels                      = { component = "landing" }
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  # What is gone for good can still be had back for a week, and is paid for that long.
  soft_delete_policy {
    retention_duration_seconds = 7 * 24 * 3600
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  # Leases are written over and over, and every move of a file leaves an old version behind.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 7
      with_state                 = "ARCHIVED"
    }
  }

  dynamic "lifecycle_rule" {
    for_each = length(var.archives) == 0 ? {} : { COLDLINE = var.archive_days.coldline, ARCHIVE = var.archive_days.archive }

    content {
      action {
        type          = "SetStorageClass"
        storage_class = lifecycle_rule.key
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = sort(var.archives)
        with_state     = "LIVE"
      }
    }
  }
}

# Objects only: none of them may change the bucket, or who has access to it.
resource "google_storage_bucket_iam_member" "writers" {
  for_each = var.writers

  bucket = google_storage_bucket.landing.name
  role   = "roles/storage.objectUser"
  member = each.value.member

  dynamic "condition" {
    for_each = each.value.folder[*]

    content {
      title       = "only ${condition.value}"
      description = "Only objects below ${condition.value}."
      expression  = "resource.name.startsWith(\"projects/_/buckets/${var.name}/objects/${condition.value}\")"
    }
  }
}
