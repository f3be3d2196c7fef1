locals {
  sample_image = "us-docker.pkg.dev/cloudrun/container/job:latest" # Google's, until an image is delivered
}

resource "google_cloud_run_v2_job" "job" {
  project             = var.project_id
  location            = var.region
  name                = var.name
  labels              = { component = var.name }
  deletion_protection = false # a job contains no data; its executions stay in the logs

  template {
    task_count = 1

    template {
      service_account = var.identity
      timeout         = "${var.timeout_seconds}s"
      max_retries     = var.max_retries

      containers {
        image   = coalesce(var.image, local.sample_image)
        command = var.command
        args    = var.args

        resources {
          limits = { cpu = var.cpu, memory = var.memory }
        }

        dynamic "env" {
          for_each = var.environment

          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = var.secrets

          content {
            name = env.key

            value_source {
              secret_key_ref {
                secret  = env.value
                version = "latest"
              }
            }
          }
        }
      }
    }
  }

  # Delivery chooses the image, and sets its own name as the client.
  lifecycle {
    ignore_changes = [client, client_version, template[0].template[0].containers[0].image]
  }
}

resource "google_cloud_run_v2_job_iam_member" "runners" {
  for_each = var.runners

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.job.name
  role     = each.value.overrides ? "roles/run.jobsExecutorWithOverrides" : "roles/run.jobsExecutor"
  member   = each.value.member
}

resource "google_cloud_run_v2_job_iam_member" "updaters" {
  for_each = var.updaters

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.job.name
  role     = "roles/run.developer"
  member   = each.value
}

# An updater acts as the job's identity: https://cloud.google.com/run/docs/reference/iam/roles#additional-configuration
resource "google_service_account_iam_member" "updaters" {
  for_each = var.updaters

  service_account_id = "projects/${var.project_id}/serviceAccounts/${var.identity}"
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

resource "google_cloud_run_v2_job_iam_member" "watchers" {
  for_each = var.watchers

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.job.name
  role     = "roles/run.viewer"
  member   = each.value
}
