locals {
  overrides = { overrides = { containerOverrides = [{ args = var.args }] } }
}

resource "google_cloud_scheduler_job" "schedule" {
  project          = var.project_id
  region           = var.region
  name             = var.name
  description      = var.description
  schedule         = var.cron
  time_zone        = var.time_zone
  paused           = var.paused
  attempt_deadline = "60s" # Cloud Run answers when the execution has started, not when it ends

  retry_config {
    retry_count          = 3
    min_backoff_duration = "30s"
  }

  # An override, even an empty one, needs roles/run.jobsExecutorWithOverrides.
  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${var.job}:run"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(length(var.args) == 0 ? "{}" : jsonencode(local.overrides))

    oauth_token {
      service_account_email = var.identity
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }
}
