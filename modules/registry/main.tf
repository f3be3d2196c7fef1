resource "google_artifact_registry_repository" "registry" {
  #checkov:skip=CKV_GCP_84:Google encrypts at rest; a key of one's own is one more thing to lose the data with, and no rule here asks for it
  project                = var.project_id
  location               = var.region
  repository_id          = var.name
  description            = var.description
  format                 = "DOCKER"
  labels                 = { component = "registry" }
  cleanup_policy_dry_run = false

  # A tag, once given, stays on its image.
  docker_config {
    immutable_tags = true
  }

  # What is kept wins over what is deleted: a job may run an old image, and a rollback needs one.
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.keep.versions
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "${var.keep.days * 24 * 3600}s"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "writers" {
  for_each = var.writers

  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.registry.repository_id
  role       = "roles/artifactregistry.writer"
  member     = each.value
}
