mock_provider "google" {}

variables {
  project_id     = "retail-test"
  project_number = "123456789012"
  region         = "europe-west1"
  name           = "warehouse"
  description    = "raw to ods to dmt"
  runner = {
    email = "dataform-runner@retail-test.iam.gserviceaccount.com"
    name  = "projects/retail-test/serviceAccounts/dataform-runner@retail-test.iam.gserviceaccount.com"
  }
  rehearsal = {
    runner_name = "projects/retail-test/serviceAccounts/dataform-rehearsal@retail-test.iam.gserviceaccount.com"
    invokers    = { rehearse = "serviceAccount:rehearse@retail-test.iam.gserviceaccount.com" }
  }
  invokers  = { pipeline = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com" }
  releasers = { restore = "serviceAccount:restore@retail-test.iam.gserviceaccount.com" }
}

run "a_rehearsal_does_not_act_as_the_runner" {
  command = plan

  assert {
    condition = (
      google_service_account_iam_member.rehearsers["rehearse"].service_account_id == var.rehearsal.runner_name
      && !can(google_service_account_iam_member.invokers["rehearse"])
    )
    error_message = "A rehearsal acts as an account of its own."
  }
}

run "an_invoker_acts_as_the_runner" {
  command = plan

  assert {
    condition = (
      google_service_account_iam_member.invokers["pipeline"].role == "roles/iam.serviceAccountUser"
      && google_dataform_repository_iam_member.invokers["pipeline"].role == "roles/dataform.editor"
    )
    error_message = "A run needs both the repository and the account that runs the SQL."
  }

  assert {
    condition     = google_dataform_repository_iam_member.releasers["restore"].role == "roles/dataform.admin"
    error_message = "A releaser changes the release config, which an editor only reads."
  }

  assert {
    condition = (
      google_service_account_iam_member.agent["roles/iam.serviceAccountTokenCreator"].member
      == "serviceAccount:service-123456789012@gcp-sa-dataform.iam.gserviceaccount.com"
    )
    error_message = "Dataform's agent creates tokens only of the runner."
  }

  assert {
    condition = (
      google_dataform_repository.repository.deletion_policy == "PREVENT"
      && length(google_dataform_repository.repository.git_remote_settings) == 0
    )
    error_message = "The repository is protected, and filled by commits through the API."
  }
}

run "an_id_instead_of_the_number" {
  command = plan

  variables {
    project_number = "retail-test"
  }

  expect_failures = [var.project_number]
}
