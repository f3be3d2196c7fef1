mock_provider "google" {}

variables {
  project_id  = "retail-test"
  name        = "retail-api-key"
  description = "The key of the retail API."
  accessors   = { connector = "serviceAccount:connector@retail-test.iam.gserviceaccount.com" }
}

run "read_by_those_who_are_named" {
  command = plan

  assert {
    condition     = google_secret_manager_secret_iam_member.accessors["connector"].role == "roles/secretmanager.secretAccessor" && length(google_secret_manager_secret_iam_member.accessors) == 1
    error_message = "A secret is read by its accessors, and by nobody else."
  }

  assert {
    condition     = google_secret_manager_secret.secret.annotations.description == "The key of the retail API."
    error_message = "Whoever finds the secret learns what it opens."
  }
}

run "a_name_in_capitals" {
  command = plan

  variables {
    name = "RETAIL_API_KEY"
  }

  expect_failures = [var.name]
}
