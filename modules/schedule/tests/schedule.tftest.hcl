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
    condition = (
      google_cloud_scheduler_job.schedule.http_target[0].uri
      == "https://run.googleapis.com/v2/projects/retail-test/locations/europe-west1/jobs/pipeline:run"
    )
    error_message = "It calls :run of the job."
  }

  assert {
    condition = (
      jsondecode(base64decode(google_cloud_scheduler_job.schedule.http_target[0].body))
      == { overrides = { containerOverrides = [{ args = ["hourly"] }] } }
    )
    error_message = "The arguments are an override of the execution."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.schedule.http_target[0].oauth_token[0].service_account_email
      == "scheduler@retail-test.iam.gserviceaccount.com"
    )
    error_message = "Google's APIs require an OAuth token."
  }
}

run "without_arguments_the_job_runs_as_declared" {
  command = plan

  variables {
    args = []
  }

  assert {
    condition     = base64decode(google_cloud_scheduler_job.schedule.http_target[0].body) == "{}"
    error_message = "An override, even an empty one, needs a permission that this schedule does not have."
  }
}

run "a_schedule_of_six_fields" {
  command = plan

  variables {
    cron = "0 5 * * * *"
  }

  expect_failures = [var.cron]
}

run "a_job_by_short_name" {
  command = plan

  variables {
    job = "pipeline"
  }

  expect_failures = [var.job]
}

run "a_minute_out_of_range" {
  command = plan

  variables {
    cron = "99 * * * *"
  }

  expect_failures = [var.cron]
}

run "a_step_of_zero" {
  command = plan

  variables {
    cron = "*/0 * * * *"
  }

  expect_failures = [var.cron]
}

run "a_schedule_in_words" {
  command = plan

  variables {
    cron = "every day at four"
  }

  expect_failures = [var.cron]
}

run "a_month_out_of_range" {
  command = plan

  variables {
    cron = "0 5 * 13 *"
  }

  expect_failures = [var.cron]
}

run "lists_ranges_and_steps" {
  command = plan

  variables {
    cron = "*/15 6-22 1,15 * 1-5"
  }

  assert {
    condition     = google_cloud_scheduler_job.schedule.schedule == "*/15 6-22 1,15 * 1-5"
    error_message = "Lists, ranges and steps are valid."
  }
}
