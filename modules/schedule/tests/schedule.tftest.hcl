mock_provider "google" {}

variables {
  project_id  = "retail-test"
  region      = "europe-west1"
  name        = "pipeline-hourly"
  description = "The hourly run."
  cron        = "5 * * * *"
  job         = "projects/retail-test/locations/europe-west1/jobs/pipeline"
  args        = ["hourly"]
  identity    = "scheduler@retail-test.iam.gserviceaccount.com"
}

run "starts_the_job_with_its_arguments" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.schedule.http_target[0].uri == "https://run.googleapis.com/v2/projects/retail-test/locations/europe-west1/jobs/pipeline:run"
    error_message = "It calls the job's own :run."
  }

  assert {
    condition     = jsondecode(base64decode(google_cloud_scheduler_job.schedule.http_target[0].body)) == { overrides = { containerOverrides = [{ args = ["hourly"] }] } }
    error_message = "The arguments are an override of the execution."
  }

  assert {
    condition     = google_cloud_scheduler_job.schedule.http_target[0].oauth_token[0].service_account_email == "scheduler@retail-test.iam.gserviceaccount.com"
    error_message = "Google's own APIs want an OAuth token."
  }
}

run "without_arguments_the_job_runs_as_declared" {
  command = plan

  variables {
    args = []
  }

  assert {
    condition     = base64decode(google_cloud_scheduler_job.schedule.http_target[0].body) == "{}"
    error_message = "An override, even an empty one, needs a right that this schedule does not."
  }
}

run "a_schedule_of_six_fields" {
  command = plan

  variables {
    cron = "0 5 * * * *"
  }

  expect_failures = [var.cron]
}

run "a_job_by_its_short_name" {
  command = plan

  variables {
    job = "pipeline"
  }

  expect_failures = [var.job]
}
