# Without a Git remote: Dataform cannot read a folder of one, so scripts/release commits this repository's folder.
resource "google_dataform_repository" "repository" {
  project         = var.project_id
  region          = var.region
  name            = var.name
  display_name    = var.description
  labels          = { component = "dataform" }
  service_account = var.runner.email
  deletion_policy = var.protected ? "PREVENT" : "FORCE" # FORCE: with its releases and runs
}

resource "google_dataform_repository_iam_member" "invokers" {
  for_each = var.invokers

  project    = var.project_id
  region     = var.region
  repository = google_dataform_repository.repository.name
  role       = "roles/dataform.editor"
  member     = each.value
}

# roles/dataform.editor reads release configs and does not change them.
resource "google_dataform_repository_iam_member" "releasers" {
  for_each = var.releasers

  project    = var.project_id
  region     = var.region
  repository = google_dataform_repository.repository.name
  role       = "roles/dataform.admin"
  member     = each.value
}

resource "google_dataform_repository_iam_member" "viewers" {
  for_each = var.viewers

  project    = var.project_id
  region     = var.region
  repository = google_dataform_repository.repository.name
  role       = "roles/dataform.viewer"
  member     = each.value
}

# An invoker acts as the runner: https://cloud.google.com/dataform/docs/strict-act-as-mode
resource "google_service_account_iam_member" "invokers" {
  for_each = var.invokers

  service_account_id = var.runner.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

# A rehearsal runs code that is not approved yet, as an identity that cannot write the live datasets.
resource "google_dataform_repository_iam_member" "rehearsers" {
  for_each = var.rehearsal.invokers

  project    = var.project_id
  region     = var.region
  repository = google_dataform_repository.repository.name
  role       = "roles/dataform.editor"
  member     = each.value
}

resource "google_service_account_iam_member" "rehearsers" {
  for_each = var.rehearsal.invokers

  service_account_id = var.rehearsal.runner_name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

resource "google_service_account_iam_member" "rehearsal_agent" {
  for_each   = toset(["roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser"])
  depends_on = [google_dataform_repository.repository]

  service_account_id = var.rehearsal.runner_name
  role               = each.key
  member             = "serviceAccount:service-${var.project_number}@gcp-sa-dataform.iam.gserviceaccount.com"
}

# Google creates the agent with the first repository, so it cannot be granted anything before.
resource "google_service_account_iam_member" "agent" {
  for_each   = toset(["roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser"])
  depends_on = [google_dataform_repository.repository]

  service_account_id = var.runner.name
  role               = each.key
  member             = "serviceAccount:service-${var.project_number}@gcp-sa-dataform.iam.gserviceaccount.com"
}
