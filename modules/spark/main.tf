# Code and output of Spark batches. Code is below code/ by its hash, so a running batch keeps the version that it began
# with; each run of an endpoint writes a folder of its own below runs/.
resource "google_storage_bucket" "batches" {
  #checkov:skip=CKV_GCP_62:usage logs predate Cloud Audit Logs, which environments/main.tf enables for reads too
  #checkov:skip=CKV_GCP_78:the source has the data, the repository has the code; old versions have no use
  project                     = var.project_id
  name                        = var.name
  location                    = var.location
  force_destroy               = true
  labels                      = { component = "spark" }
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # Long after the connector has loaded it, which it tries at every run of the pipeline.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = var.days
      matches_prefix = ["runs/"]
    }
  }
}

locals {
  objects = "projects/_/buckets/${var.name}/objects"
  folders = {
    for folder in ["code", "runs"] : folder => join(" || ", [
      "resource.name == \"projects/_/buckets/${var.name}\"",
      "resource.name.startsWith(\"${local.objects}/${folder}/\")",
    ])
  }
  code = { for file, text in var.code : file => "code/${substr(sha256(text), 0, 16)}/${basename(file)}" }

  # Who may do what in which folder. A transformation may not replace the code of another one.
  access = merge(
    {
      batches-read  = { role = "roles/storage.objectViewer", folder = "code", member = var.identity.member }
      batches-write = { role = "roles/storage.objectUser", folder = "runs", member = var.identity.member }
    },
    {
      for name, member in var.readers :
      "${name}-read" => { role = "roles/storage.objectViewer", folder = "runs", member = member }
    },
    {
      for name, member in var.deliverers :
      "${name}-code" => { role = "roles/storage.objectUser", folder = "code", member = member }
    },
    {
      for name, member in var.planners :
      "${name}-code" => { role = "roles/storage.objectViewer", folder = "code", member = member }
    },
  )
}

resource "google_storage_bucket_object" "code" {
  for_each = local.code

  bucket       = google_storage_bucket.batches.name
  name         = each.value
  content      = var.code[each.key]
  content_type = "text/x-python"
}

resource "google_storage_bucket_iam_member" "access" {
  for_each = local.access

  bucket = google_storage_bucket.batches.name
  role   = each.value.role
  member = each.value.member

  condition {
    title       = "only ${each.value.folder}/"
    description = "Objects below ${each.value.folder}/, and the names of all objects."
    expression  = local.folders[each.value.folder]
  }
}

# Batches have no policy of their own, and roles/dataproc.editor would also create clusters of machines.
resource "google_project_iam_custom_role" "runner" {
  project     = var.project_id
  role_id     = "spark_runner"
  title       = "Run Spark batches"
  description = "Starts, watches and cancels batches, and nothing else of Dataproc."
  permissions = [
    "dataproc.batches.cancel",
    "dataproc.batches.create",
    "dataproc.batches.get",
    "dataproc.batches.list",
    "dataproc.operations.cancel",
    "dataproc.operations.get",
  ]
}

resource "google_project_iam_member" "runners" {
  for_each = var.runners

  project = var.project_id
  role    = "projects/${var.project_id}/roles/${google_project_iam_custom_role.runner.role_id}"
  member  = each.value
}

resource "google_service_account_iam_member" "runners" {
  for_each = var.runners

  service_account_id = var.identity.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}
