resource "google_storage_bucket" "landing" {
  #checkov:skip=CKV_GCP_62:usage logs predate Cloud Audit Logs, which environments/main.tf enables for reads too
  project                     = var.project_id
  name                        = var.name
  location                    = var.location
  force_destroy               = !var.protected
  deletion_policy             = var.protected ? "PREVENT" : "DELETE"
  labels                      = { component = "landing" }
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  # A deleted object can be restored for a week, and is billed for that time.
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

  # Leases are overwritten continuously, and every move of a file leaves an old version.
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
    for_each = length(var.archives) == 0 ? {} : local.storage_classes

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

locals {
  storage_classes = { COLDLINE = var.archive_days.coldline, ARCHIVE = var.archive_days.archive }
  bucket_resource = "projects/_/buckets/${var.name}"

  # Cloud Storage has returned 403 instead of 404 for a missing object to callers that may not list the bucket
  # (googleapis/google-api-php-client#1791; its reference does not state it). Listing is checked on the bucket itself.
  folder_expressions = {
    for name, writer in var.writers : name => join(" || ", [
      "resource.name == \"${local.bucket_resource}\"",
      "resource.name.startsWith(\"${local.bucket_resource}/objects/${writer.folder}\")",
    ]) if writer.folder != null
  }
}

locals {
  owner_bindings = [
    for role in ["roles/storage.legacyBucketOwner", "roles/storage.legacyObjectOwner"] : {
      role    = role
      members = ["projectOwner:${var.project_id}"]
    }
  ]

  # Objects only: a writer can change neither the bucket nor the access to it.
  writer_bindings = [
    for name, writer in var.writers : merge(
      { role = "roles/storage.objectUser", members = [writer.member] },
      { for folder in writer.folder[*] : "condition" => {
        title       = "only ${folder}"
        description = "Objects below ${folder}, and the names of all objects."
        expression  = local.folder_expressions[name]
      } },
    )
  ]
}

# The whole policy. A new bucket lets Viewers and Editors of the project in (legacyBucketReader, legacyObjectOwner
# and others); this leaves project owners only, and shows every grant made by hand as drift.
resource "google_storage_bucket_iam_policy" "access" {
  bucket      = google_storage_bucket.landing.name
  policy_data = jsonencode({ bindings = concat(local.owner_bindings, local.writer_bindings) })
}
