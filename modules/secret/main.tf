# Without a version: a value that Terraform manages would be in its state.
resource "google_secret_manager_secret" "secret" {
  project         = var.project_id
  secret_id       = var.name
  annotations     = { description = var.description }
  labels          = { component = "secret" }
  deletion_policy = var.protected ? "PREVENT" : "DELETE"

  # Organizations that restrict locations (gcp.resourceLocations) reject automatic replication, and the choice
  # cannot be changed later: https://cloud.google.com/secret-manager/docs/choosing-replication
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  dynamic "rotation" {
    for_each = var.rotation[*]

    content {
      rotation_period    = "${rotation.value.days * 24 * 3600}s"
      next_rotation_time = coalesce(rotation.value.first, timeadd(plantimestamp(), "${rotation.value.days * 24}h"))
    }
  }

  dynamic "topics" {
    for_each = var.rotation[*]

    content {
      name = topics.value.topic
    }
  }

  # Secret Manager advances it with every rotation.
  lifecycle {
    ignore_changes = [rotation[0].next_rotation_time]
  }
}

resource "google_secret_manager_secret_iam_member" "accessors" {
  for_each = var.accessors

  project   = var.project_id
  secret_id = google_secret_manager_secret.secret.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}

locals {
  rotator_roles = ["secretAccessor", "secretVersionManager"]
  rotator_grants = {
    for grant in setproduct(keys(var.rotators), local.rotator_roles) :
    "${grant[0]}/${grant[1]}" => { member = var.rotators[grant[0]], role = grant[1] }
  }
}

# Rotators read the current value and add, disable and destroy versions; they cannot change the secret itself.
resource "google_secret_manager_secret_iam_member" "rotators" {
  for_each = local.rotator_grants

  project   = var.project_id
  secret_id = google_secret_manager_secret.secret.secret_id
  role      = "roles/secretmanager.${each.value.role}"
  member    = each.value.member
}
