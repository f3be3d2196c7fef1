locals {
  name = google_artifact_registry_repository.registry.repository_id
}

resource "google_artifact_registry_repository" "registry" {
  #checkov:skip=CKV_GCP_84:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  project                = var.project_id
  location               = var.region
  repository_id          = var.name
  description            = var.description
  format                 = "DOCKER"
  labels                 = { component = "registry" }
  cleanup_policy_dry_run = false

  # Scans new images if containerscanning.googleapis.com is enabled, which is billed per image.
  vulnerability_scanning_config {
    enablement_config = var.scanned ? "INHERITED" : "DISABLED"
  }

  # A tag stays on its image: what was reviewed under it is what runs.
  docker_config {
    immutable_tags = true
  }

  # KEEP takes precedence over DELETE: a job may run an old image, and a rollback needs one. A rollout tags what it
  # delivers, so the image of a job that has not changed for months stays.
  # https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy
  cleanup_policies {
    id     = "keep-delivered"
    action = "KEEP"

    condition {
      tag_state    = "TAGGED"
      tag_prefixes = [var.kept_tags]
    }
  }

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
