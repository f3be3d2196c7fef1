mock_provider "google" {}

variables {
  project_id     = "retail-test"
  project_number = "123456789012"
  location       = "EU"
  name           = "scheduled-query-runs"
  identity = {
    email = "scheduled-queries@retail-test.iam.gserviceaccount.com"
    name  = "projects/retail-test/serviceAccounts/scheduled-queries@retail-test.iam.gserviceaccount.com"
  }
  queries = {
    snapshot = { sql = "-- Kept for a while.\nSELECT 1 AS n", schedule = "every day 04:10", destination = { dataset = "snapshots", table = "n_{run_date}" } }
    cost     = { sql = "DELETE FROM ops.costs WHERE TRUE", schedule = "every 3 hours" }
  }
}

run "run_as_their_own_identity_and_heard_of" {
  command = plan

  assert {
    condition     = alltrue([for query in google_bigquery_data_transfer_config.queries : query.service_account_name == "scheduled-queries@retail-test.iam.gserviceaccount.com" && !query.disabled && query.location == "EU"])
    error_message = "The queries run by themselves, as their identity, where the data is."
  }

  assert {
    condition     = google_service_account_iam_member.agent.service_account_id == var.identity.name && google_service_account_iam_member.agent.role == "roles/iam.serviceAccountTokenCreator"
    error_message = "The service takes tokens of this one account."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.agent.role == "roles/pubsub.publisher" && google_pubsub_subscription.runs.expiration_policy[0].ttl == ""
    error_message = "The service publishes, and what it says is kept."
  }
}

run "a_select_fills_a_table_and_a_statement_its_own" {
  command = plan

  assert {
    condition     = google_bigquery_data_transfer_config.queries["snapshot"].destination_dataset_id == "snapshots" && google_bigquery_data_transfer_config.queries["snapshot"].params["write_disposition"] == "WRITE_TRUNCATE"
    error_message = "A second run of a day leaves the day once."
  }

  assert {
    condition     = google_bigquery_data_transfer_config.queries["cost"].destination_dataset_id == null && keys(google_bigquery_data_transfer_config.queries["cost"].params) == tolist(["query"])
    error_message = "BigQuery refuses a destination beside a statement."
  }
}

run "where_everything_waits_so_do_they" {
  command = plan

  variables {
    paused = true
  }

  assert {
    condition     = alltrue([for query in google_bigquery_data_transfer_config.queries : query.disabled])
    error_message = "Paused schedules are disabled, not absent."
  }
}

run "a_schedule_as_cron_writes_it" {
  command = plan

  variables {
    queries = { cost = { sql = "SELECT 1", schedule = "10 4 * * *" } }
  }

  expect_failures = [var.queries]
}

run "a_destination_for_a_statement" {
  command = plan

  variables {
    queries = { cost = { sql = "DELETE FROM ops.costs WHERE TRUE", schedule = "every day 04:10", destination = { dataset = "ops", table = "costs" } } }
  }

  expect_failures = [var.queries]
}

run "an_id_where_the_number_belongs" {
  command = plan

  variables {
    project_number = "retail-test"
  }

  expect_failures = [var.project_number]
}
