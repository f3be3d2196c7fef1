# Without a version: a value that Terraform knows would stand in its state.
resource "google_secret_manager_secret" "secret" {
  project     = var.project_id
  secret_id   = var.name
  annotations = { description = var.description }
  labels      = { component = "secret" }

  replication {
    auto {}
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

  # The service moves it on with every rotation.
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

# They read the value that is there, and add, disable and destroy versions; the secret itself they cannot change.
resource "google_secret_manager_secret_iam_member" "rotators" {
  for_each = {
    for grant in setproduct(keys(var.rotators), ["secretAccessor", "secretVersionManager"]) : "${grant[0]}/${grant[1]}" => { rotator = grant[0], role = grant[1] }
  }

  project   = var.project_id
  secret_id = google_secret_manager_secret.secret.secret_id
  role      = "roles/secretmanager.${each.value.role}"
  member    = var.rotators[each.value.rotator]
}
