# Every resource that the sandbox serves beside BigQuery and Cloud Storage; test_resources_terraform.py applies it.

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
  description = "The value of every field that can be updated in place."
  type        = string
}

variable "paused" {
  type = bool
}

variable "next_rotation" {
  description = "The time of the first rotation, as 2026-11-21T06:00:00Z."
  type        = string
}

data "google_project" "this" {}

resource "google_project_service" "this" {
  for_each = toset(["run.googleapis.com", "cloudscheduler.googleapis.com"])

  service            = each.key
  disable_on_destroy = true
}

# The provider sleeps 10 s after it created a service account, so no other resource depends on this one.
resource "google_service_account" "made" {
  account_id   = "terraformed-made"
  display_name = "Created by Terraform"
}

# Other resources depend on this one, so it exists already and is imported. An update of it would take 5 s.
resource "google_service_account" "runner" {
  account_id   = "terraformed"
  display_name = "Runs the job and its schedule"
}

import {
  to = google_service_account.runner
  id = "projects/sandbox-local/serviceAccounts/terraformed@sandbox-local.iam.gserviceaccount.com"
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

resource "google_secret_manager_secret" "rotating" {
  secret_id = "terraformed-rotating"
  labels    = { note = var.note }

  replication {
    auto {}
  }

  rotation {
    next_rotation_time = var.next_rotation
    rotation_period    = "2592000s"
  }

  topics {
    name = google_pubsub_topic.this.id
  }

  # The service advances it after each rotation.
  lifecycle {
    ignore_changes = [rotation[0].next_rotation_time]
  }

  depends_on = [google_pubsub_topic_iam_member.secret_manager]
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

resource "google_pubsub_topic" "this" {
  name                       = "terraformed"
  labels                     = { note = var.note }
  message_retention_duration = "86400s"
}

resource "google_pubsub_subscription" "this" {
  name   = "terraformed"
  topic  = google_pubsub_topic.this.id
  labels = { note = var.note }
  filter = "attributes.eventType = \"SECRET_ROTATE\""

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "secret_manager" {
  topic  = google_pubsub_topic.this.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
}

resource "google_pubsub_subscription_iam_member" "this" {
  subscription = google_pubsub_subscription.this.name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.runner.member
}

resource "google_monitoring_notification_channel" "this" {
  display_name = var.note
  type         = "email"
  labels       = { email_address = "data@example.com" }
}

resource "google_logging_metric" "plain" {
  name        = "terraformed"
  description = var.note
  filter      = "severity>=ERROR"
}

resource "google_logging_metric" "measured" {
  name            = "terraformed/measured"
  filter          = "resource.type=\"cloud_run_job\" AND jsonPayload.rows:*"
  value_extractor = "EXTRACT(jsonPayload.rows)"
  label_extractors = {
    endpoint = "EXTRACT(jsonPayload.endpoint)"
  }

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "DISTRIBUTION"
    unit         = "1"
    display_name = var.note

    labels {
      key         = "endpoint"
      value_type  = "STRING"
      description = "Which endpoint"
    }
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  display_name          = var.note
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [google_monitoring_notification_channel.this.name]
  user_labels           = { note = var.note }

  conditions {
    display_name = "Errors"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"cloud_run_job\"",
        "metric.type = \"logging.googleapis.com/user/${google_logging_metric.plain.name}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  conditions {
    display_name = "No data for two hours"

    condition_absent {
      filter = join(" AND ", [
        "resource.type = \"cloud_run_job\"",
        "metric.type = \"run.googleapis.com/job/completed_execution_count\"",
      ])
      duration = "7200s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    subject = "Errors"
    content = var.note
  }
}

resource "google_monitoring_alert_policy" "matched" {
  display_name = "A log entry"
  combiner     = "OR"

  conditions {
    display_name = "An error was logged"

    condition_matched_log {
      filter           = "severity>=ERROR"
      label_extractors = { job = "EXTRACT(resource.labels.job_name)" }
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content   = var.note
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = var.note
    mosaicLayout = {
      columns = 12
      tiles = [{
        width  = 6
        height = 4
        widget = {
          title = "Errors"
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter      = "metric.type=\"logging.googleapis.com/user/terraformed\""
                  aggregation = { alignmentPeriod = "300s", perSeriesAligner = "ALIGN_DELTA" }
                }
              }
            }]
          }
        }
      }]
    }
  })
}

resource "google_artifact_registry_repository" "this" {
  repository_id = "terraformed"
  description   = var.note
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-ten"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED"
      older_than = "604800s"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "this" {
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.runner.member
}

resource "google_iam_workload_identity_pool" "this" {
  workload_identity_pool_id = "terraformed"
  display_name              = var.note
}

resource "google_iam_workload_identity_pool_provider" "this" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.this.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = var.note
  attribute_condition = join(" && ", [
    "assertion.repository_id == \"123456789\"", "assertion.ref == \"refs/heads/main\""
  ])
  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "federated" {
  service_account_id = google_service_account.runner.name
  role               = "roles/iam.workloadIdentityUser"
  member = join("/", [
    "principalSet://iam.googleapis.com",
    google_iam_workload_identity_pool.this.name,
    "attribute.repository_id/123456789",
  ])
}

resource "google_billing_budget" "this" {
  billing_account = data.google_project.this.billing_account
  display_name    = var.note

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
    labels   = { component = "warehouse" }
  }

  amount {
    specified_amount {
      currency_code = "EUR"
      units         = "50"
    }
  }

  threshold_rules {
    threshold_percent = 0.5
  }

  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = [google_monitoring_notification_channel.this.id]
    disable_default_iam_recipients   = true
  }
}

resource "google_bigquery_data_transfer_config" "this" {
  display_name              = var.note
  data_source_id            = "scheduled_query"
  location                  = "EU"
  schedule                  = "every day 06:00"
  service_account_name      = google_service_account.runner.email
  notification_pubsub_topic = google_pubsub_topic.this.id
  params                    = { query = "SELECT '${var.note}'" }
}
