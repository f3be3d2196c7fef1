# Keyless: GitHub signs who runs, Google exchanges that for a short-lived token of an identity below.
resource "google_iam_workload_identity_pool" "pool" {
  project                   = var.project_id
  workload_identity_pool_id = var.name
  display_name              = var.name
  description               = "Runs of the repository that delivers this project."
}

# By the number: a repository's name can be given up and taken by somebody else, its number cannot.
resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:wants assertion.sub, which holds names; the numeric repository_id cannot be taken by somebody else
  project                            = var.project_id
  workload_identity_pool_id          = google_iam_workload_identity_pool.pool.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"
  description                        = "Tokens of GitHub Actions, of repository ${var.repository_id} alone."
  attribute_condition                = "assertion.repository_id == \"${var.repository_id}\""
  attribute_mapping = {
    "google.subject"           = "assertion.sub"
    "attribute.repository_id"  = "assertion.repository_id"
    "attribute.repository_ref" = "assertion.repository_id + \":\" + assertion.ref"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

locals {
  principals = "principalSet://iam.googleapis.com/projects/${var.project_number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.pool.workload_identity_pool_id}"

  # A plan is for every branch and pull request of the repository, an apply for one branch of it.
  runs = {
    plan  = "${local.principals}/attribute.repository_id/${var.repository_id}"
    apply = "${local.principals}/attribute.repository_ref/${var.repository_id}:refs/heads/${var.branch}"
  }
}

resource "google_service_account_iam_member" "federated" {
  for_each   = local.runs
  depends_on = [google_iam_workload_identity_pool_provider.github]

  service_account_id = var.identities[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = each.value
}

# Basic and predefined roles would let a plan read data, and an apply read secrets. These cannot.
resource "google_project_iam_custom_role" "roles" {
  for_each = {
    plan  = { title = "Plan Terraform", description = "Sees how everything is configured, and no data, no secret's value, no log.", permissions = local.reads }
    apply = { title = "Apply Terraform", description = "Makes, changes and removes what this repository declares, and reads no data and no secret's value.", permissions = concat(local.reads, local.writes) }
    grant = { title = "Grant Terraform's roles", description = "Changes who has which role on the project; which roles, the condition of its grant says.", permissions = ["resourcemanager.projects.setIamPolicy"] }
  }

  project     = var.project_id
  role_id     = "delivery_${each.key}"
  title       = each.value.title
  description = each.value.description
  permissions = each.value.permissions
}

resource "google_project_iam_member" "roles" {
  for_each = { plan = "plan", apply = "apply", grant = "apply" } # role => identity

  project = var.project_id
  role    = "projects/${var.project_id}/roles/${google_project_iam_custom_role.roles[each.key].role_id}"
  member  = var.identities[each.value].member

  # https://cloud.google.com/iam/docs/setting-limits-on-granting-roles
  dynamic "condition" {
    for_each = each.key == "grant" ? [var.project_roles] : []

    content {
      title       = "only what is declared"
      description = "Only the roles that this repository grants on the project."
      expression  = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${join(", ", [for role in sort(condition.value) : "'${role}'"])}])"
    }
  }
}

# The bucket is older than anything here: scripts/bootstrap makes it.
resource "google_storage_bucket_iam_member" "state" {
  for_each = { plan = "roles/storage.objectViewer", apply = "roles/storage.objectUser" }

  bucket = var.state_bucket
  role   = each.value
  member = var.identities[each.key].member
}

# A plan holds the state while it reads it, which is one object of its own: it writes the lock, and never the state.
resource "google_storage_bucket_iam_member" "lock" {
  bucket = var.state_bucket
  role   = "roles/storage.objectUser"
  member = var.identities.plan.member

  condition {
    title       = "only *.tflock"
    description = "Only the lock of Terraform's state."
    expression  = "resource.name.endsWith(\".tflock\")"
  }
}
