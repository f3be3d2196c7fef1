# Keyless: GitHub signs a token for a run, Google exchanges it for a short-lived token of an identity below.
resource "google_iam_workload_identity_pool" "pool" {
  project                   = var.project_id
  workload_identity_pool_id = var.name
  display_name              = var.name
  description               = "Runs of the repository that delivers this project."
}

# By number: a repository's name can be released and taken over by another owner, its number cannot.
resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:requires assertion.sub, which contains names; the numeric repository_id cannot be reused
  project                            = var.project_id
  workload_identity_pool_id          = google_iam_workload_identity_pool.pool.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"
  description                        = "Tokens of GitHub Actions, only of repository ${var.repository_id}."
  attribute_condition                = "assertion.repository_id == \"${var.repository_id}\""
  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"

    # One attribute, so that no part is sufficient without the others. A job without an environment has no such claim.
    "attribute.deployment" = join(" + \":\" + ", [
      "assertion.repository_id",
      "(has(assertion.environment) ? assertion.environment : \"\")",
      "assertion.event_name",
      "assertion.ref",
    ])

    # A run of another event has the ref of the default branch too, but not its code.
    "attribute.source" = join(" + \":\" + ", [
      "assertion.repository_id",
      "(assertion.event_name == \"push\" || assertion.event_name == \"workflow_dispatch\" ? assertion.ref : \"\")",
    ])
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

locals {
  pool       = google_iam_workload_identity_pool.pool.workload_identity_pool_id
  provider   = google_iam_workload_identity_pool_provider.github.workload_identity_pool_provider_id
  pool_name  = "projects/${var.project_number}/locations/global/workloadIdentityPools/${local.pool}"
  principals = "principalSet://iam.googleapis.com/${local.pool_name}"

  # Every branch and pull request of the repository may plan. Only a job of one environment, which its approvers have
  # released, of one branch may apply, and only for these events: in a run of pull_request_target the ref is that of
  # the default branch, while a stranger chooses what it runs.
  # https://docs.github.com/en/actions/reference/security/oidc
  events         = ["push", "workflow_dispatch"]
  every_branch   = "attribute.repository_id/${var.repository_id}"
  code_of_branch = "attribute.source/${var.repository_id}:refs/heads/${var.branch}"
  runs = merge(
    { plan = { task = "plan", principal = local.every_branch } },
    # What it may print of the data, a pull request could print too: where data is protected only the branch rehearses.
    {
      rehearse = {
        task      = "rehearse"
        principal = var.rehearses_every_branch ? local.every_branch : local.code_of_branch
      }
    },
    {
      for event in local.events : "apply-${event}" => {
        task      = "apply"
        principal = "attribute.deployment/${var.repository_id}:${var.environment}:${event}:refs/heads/${var.branch}"
      }
    },
  )

  grantable_roles = join(", ", [for role in sort(var.project_roles) : "'${role}'"])
  roles = {
    plan = {
      title       = "Plan Terraform"
      description = "Reads the configuration of every resource, but no data, no value of a secret and no log."
      permissions = local.reads
    }
    # It may set policies on datasets and secrets, so it can give itself access to data. Every such change is in
    # the audit log; docs/adr/0011 explains why a deny policy was not used.
    apply = {
      title       = "Apply Terraform"
      description = "Creates, changes and deletes what this repository declares. It can grant itself access to data."
      permissions = concat(local.reads, local.writes)
    }
    # It compiles candidates and starts the job `rehearse`; it reads no data and starts no SQL by itself.
    rehearse = {
      title       = "Rehearse candidates"
      description = "Compiles code in a workspace of Dataform. The job that runs it on clones has its own grant."
      permissions = local.rehearses
    }
    grant = {
      title       = "Grant Terraform's roles"
      description = "Changes grants on the project; the condition of its own grant limits which roles."
      permissions = ["resourcemanager.projects.setIamPolicy"]
    }
  }
}

resource "google_service_account_iam_member" "federated" {
  for_each   = local.runs
  depends_on = [google_iam_workload_identity_pool_provider.github]

  service_account_id = var.identities[each.value.task].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "${local.principals}/${each.value.principal}"
}

# Custom roles: basic and predefined ones would let a plan read data.
resource "google_project_iam_custom_role" "roles" {
  for_each = local.roles

  project     = var.project_id
  role_id     = "delivery_${each.key}"
  title       = each.value.title
  description = each.value.description
  permissions = each.value.permissions
}

resource "google_project_iam_member" "roles" {
  for_each = { plan = "plan", apply = "apply", grant = "apply", rehearse = "rehearse" } # role => identity

  project = var.project_id
  role    = "projects/${var.project_id}/roles/${google_project_iam_custom_role.roles[each.key].role_id}"
  member  = var.identities[each.value].member

  # https://cloud.google.com/iam/docs/setting-limits-on-granting-roles
  dynamic "condition" {
    for_each = each.key == "grant" ? [local.grantable_roles] : []

    content {
      title       = "only what is declared"
      description = "Only the roles that this repository grants on the project."
      expression  = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${condition.value}])"
    }
  }
}

# scripts/bootstrap creates this bucket, before Terraform can run.
resource "google_storage_bucket_iam_member" "state" {
  for_each = {
    plan     = "roles/storage.objectViewer"
    apply    = "roles/storage.objectUser"
    rehearse = "roles/storage.objectViewer"
  }

  bucket = var.state_bucket
  role   = each.value
  member = var.identities[each.key].member
}

# A plan locks the state while it reads it: it writes the lock object, never the state.
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

# One rehearsal at a time.
resource "google_storage_bucket_iam_member" "rehearsal" {
  bucket = var.state_bucket
  role   = "roles/storage.objectUser"
  member = var.identities.rehearse.member

  condition {
    title       = "only rehearsal/lease.json"
    description = "Only the lease of rehearsals."
    expression  = "resource.name.endsWith(\"/rehearsal/lease.json\")"
  }
}
