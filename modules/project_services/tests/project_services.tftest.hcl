mock_provider "google" {}

variables {
  project_id = "retail-test"
  services   = ["run.googleapis.com"]
}

run "an_api_stays_enabled_when_it_is_removed" {
  command = plan

  assert {
    condition     = google_project_service.services["run.googleapis.com"].disable_on_destroy == false
    error_message = "Something else in the project may use the API."
  }
}

run "reads_of_secrets_and_objects_are_logged" {
  command = plan

  assert {
    condition = {
      for service, config in google_project_iam_audit_config.reads : service => one(config.audit_log_config).log_type
      } == {
      "secretmanager.googleapis.com" = "DATA_READ"
      "storage.googleapis.com"       = "DATA_READ"
    }
    error_message = "Data Access logs are off by default."
  }
}

run "a_short_name_of_an_api" {
  command = plan

  variables {
    services = ["run"]
  }

  expect_failures = [var.services]
}
