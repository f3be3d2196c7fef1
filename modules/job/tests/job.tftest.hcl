mock_provider "google" {}

variables {
  project_id  = "retail-test"
  region      = "europe-west1"
  name        = "connector"
  command     = ["python", "-m", "connector"]
  identity    = "connector@retail-test.iam.gserviceaccount.com"
  environment = { PROJECT_ID = "retail-test" }
  secrets     = { RETAIL_API_KEY = "retail-api-key" }
}

run "settings_and_secrets_reach_the_command" {
  command = plan

  assert {
    condition = (
      {
        for variable in google_cloud_run_v2_job.job.template[0].template[0].containers[0].env :
        variable.name => try(variable.value_source[0].secret_key_ref[0].secret, variable.value)
      }
      == { PROJECT_ID = "retail-test", RETAIL_API_KEY = "retail-api-key" }
    )
    error_message = "Every setting is a variable; a secret comes as a reference."
  }

  assert {
    condition = (
      !google_cloud_run_v2_job.job.deletion_protection
      && google_cloud_run_v2_job.job.template[0].template[0].max_retries == 0
    )
    error_message = "A job can be replaced, and is tried once by default."
  }

  assert {
    condition     = length(google_cloud_run_v2_job_iam_member.runners) == 0
    error_message = "Without runners there is no grant."
  }
}

run "runners_with_and_without_overrides" {
  command = plan

  variables {
    runners = {
      pipeline  = { member = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com" }
      scheduler = { member = "serviceAccount:scheduler@retail-test.iam.gserviceaccount.com", overrides = true }
    }
    watchers = { pipeline = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com" }
    updaters = { restore = "serviceAccount:restore@retail-test.iam.gserviceaccount.com" }
  }

  assert {
    condition = (
      google_cloud_run_v2_job_iam_member.updaters["restore"].role == "roles/run.developer"
      && google_service_account_iam_member.updaters["restore"].role == "roles/iam.serviceAccountUser"
      && google_service_account_iam_member.updaters["restore"].service_account_id
      == "projects/retail-test/serviceAccounts/connector@retail-test.iam.gserviceaccount.com"
    )
    error_message = "An updater acts as the identity of this job only."
  }

  assert {
    condition = (
      { for name, grant in google_cloud_run_v2_job_iam_member.runners : name => grant.role }
      == { pipeline = "roles/run.jobsExecutor", scheduler = "roles/run.jobsExecutorWithOverrides" }
    )
    error_message = "Only a runner with overrides may pass arguments."
  }

  assert {
    condition     = google_cloud_run_v2_job_iam_member.watchers["pipeline"].role == "roles/run.viewer"
    error_message = "A watcher reads only."
  }
}

run "a_job_without_an_image_runs_the_sample" {
  command = plan

  assert {
    condition     = !output.has_image
    error_message = "Its schedules stay paused."
  }
}

run "a_job_with_an_image" {
  command = plan

  variables {
    image = "europe-west1-docker.pkg.dev/p/jobs/connector@sha256:${sha256("")}"
  }

  assert {
    condition     = output.has_image
    error_message = "Its schedules can start it."
  }
}

run "an_image_by_tag" {
  command = plan

  variables {
    image = "europe-west1-docker.pkg.dev/retail-test/images/connector:latest"
  }

  expect_failures = [var.image]
}

run "a_setting_twice" {
  command = plan

  variables {
    secrets = { PROJECT_ID = "retail-api-key" }
  }

  expect_failures = [var.secrets]
}

run "values_that_cloud_run_rejects" {
  command = plan

  variables {
    name            = "Connector"
    command         = []
    timeout_seconds = 0
    environment     = { "project-id" = "retail-test" }
  }

  expect_failures = [var.name, var.command, var.timeout_seconds, var.environment]
}

run "memory_in_another_unit" {
  command = plan

  variables {
    memory = "2GB"
  }

  expect_failures = [var.memory]
}
