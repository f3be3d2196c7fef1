mock_provider "google" {}

variables {
  project_id = "retail-test"
  name       = "retail-test-report"
  location   = "EU"
  readers    = { engineers = "group:engineers@example.com" }
  writers    = { report = "serviceAccount:report@retail-test.iam.gserviceaccount.com" }
}

run "pages_are_not_public_and_expire" {
  command = plan

  assert {
    condition = (
      google_storage_bucket.pages.public_access_prevention == "enforced"
      && google_storage_bucket.pages.uniform_bucket_level_access
    )
    error_message = "The bucket cannot be made public."
  }

  assert {
    condition     = one(one(google_storage_bucket.pages.lifecycle_rule).condition).age == 400
    error_message = "A page is deleted after more than a year."
  }
}

run "engineers_read_and_the_job_writes" {
  command = plan

  assert {
    condition = (
      google_storage_bucket_iam_member.readers["engineers"].role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.writers["report"].role == "roles/storage.objectUser"
    )
    error_message = "Readers do not write."
  }
}

run "a_name_in_upper_case_is_rejected" {
  command = plan

  variables {
    name = "Retail-Report"
  }

  expect_failures = [var.name]
}

run "a_location_in_lower_case_is_rejected" {
  command = plan

  variables {
    location = "eu"
  }

  expect_failures = [var.location]
}
