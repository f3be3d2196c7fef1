data "google_project" "this" {
  project_id = var.project_id
}

# An API that something else may use by now is left on when Terraform lets go of it.
resource "google_project_service" "services" {
  for_each = var.services

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}
