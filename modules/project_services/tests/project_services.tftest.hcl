mock_provider "google" {}

variables {
  project_id = "retail-test"
  services   = ["run.googleapis.com"]
}

run "an_api_stays_on_when_terraform_lets_go_of_it" {
  command = plan

  assert {
    condition     = google_project_service.services["run.googleapis.com"].disable_on_destroy == false
    error_message = "Switching an API off would break what others run in the project."
  }
}

run "a_name_that_is_no_api" {
  command = plan

  variables {
    services = ["run"]
  }

  expect_failures = [var.services]
}
