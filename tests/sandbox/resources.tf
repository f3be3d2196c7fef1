# What the sandbox's own services must bear from the real provider; read by test_resources_terraform.py.

terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

provider "google" {
  project       = "sandbox-local"
  region        = "europe-west1"
  poll_interval = "1s"

  batching {
    send_after = "1s"
  }
}

variable "note" {
  description = "Stands in whatever can be changed in place."
  type        = string
}

variable "paused" {
  type = bool
}

data "google_project" "this" {}

resource "google_project_service" "this" {
  for_each = toset(["run.googleapis.com", "cloudscheduler.googleapis.com"])

  service            = each.key
  disable_on_destroy = true
}

# The provider sleeps 10 s after it made a service account, and 5 s after a change: one, unchanged.
resource "google_service_account" "runner" {
  account_id   = "terraformed"
  display_name = "Runs the job, and asks for it"
}

resource "google_service_account_iam_member" "self" {
  service_account_id = google_service_account.runner.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.runner.member
}

resource "google_project_iam_member" "this" {
  project = data.google_project.this.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.runner.member
}

resource "google_project_iam_custom_role" "this" {
  role_id     = "terraformed"
  title       = var.note
  permissions = ["dataform.releaseConfigs.get"]
}

resource "google_secret_manager_secret" "this" {
  secret_id = "terraformed"
  labels    = { note = var.note }

  replication {
    user_managed {
      replicas {
        location = "europe-west1"
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "this" {
  secret_id = google_secret_manager_secret.this.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runner.member
}

resource "google_cloud_run_v2_job" "this" {
  name                = "terraformed"
  location            = "europe-west1"
  deletion_protection = false

  template {
    template {
      service_account = google_service_account.runner.email
      max_retries     = 0
      timeout         = "60s"

      containers {
        image   = "europe-docker.pkg.dev/sandbox-local/images/none"
        command = ["python", "-c", "import os, sys; print(os.environ['NOTE'], os.environ['KEY'], sys.argv[1:])"]

        env {
          name  = "NOTE"
          value = var.note
        }

        env {
          name = "KEY"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.this.secret_id
              version = "latest"
            }
          }
        }

        resources {
          limits = { cpu = "1", memory = "512Mi" }
        }
      }
    }
  }
}

resource "google_cloud_run_v2_job_iam_member" "this" {
  name     = google_cloud_run_v2_job.this.name
  location = google_cloud_run_v2_job.this.location
  role     = "roles/run.jobsExecutorWithOverrides"
  member   = google_service_account.runner.member
}

resource "google_cloud_scheduler_job" "this" {
  name        = "terraformed"
  description = var.note
  schedule    = "5 * * * *"
  time_zone   = "Europe/Berlin"
  paused      = var.paused

  http_target {
    uri     = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.this.id}:run"
    body    = base64encode(jsonencode({ overrides = { containerOverrides = [{ args = ["hourly"] }] } }))
    headers = { "Content-Type" = "application/json" }

    oauth_token {
      service_account_email = google_service_account.runner.email
    }
  }
}
