# Without a version: a value that Terraform knows would stand in its state.
resource "google_secret_manager_secret" "secret" {
  project     = var.project_id
  secret_id   = var.name
  annotations = { description = var.description }
  labels      = { component = "secret" }

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "accessors" {
  for_each = var.accessors

  project   = var.project_id
  secret_id = google_secret_manager_secret.secret.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}
