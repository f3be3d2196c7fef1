mock_provider "google" {}

variables {
  project_id = "retail-test"
  identities = { connector = "Copies the sources." }
}

run "one_described_account_for_each_name" {
  command = plan

  assert {
    condition = (
      google_service_account.identities["connector"].account_id == "connector"
      && google_service_account.identities["connector"].description == "Copies the sources."
    )
    error_message = "The account has the given name and description."
  }
}

run "a_name_that_google_rejects" {
  command = plan

  variables {
    identities = { sync = "Five letters are too few." }
  }

  expect_failures = [var.identities]
}

run "an_account_without_a_purpose" {
  command = plan

  variables {
    identities = { connector = " " }
  }

  expect_failures = [var.identities]
}
