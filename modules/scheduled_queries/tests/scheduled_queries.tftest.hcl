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
    snapshot = {
      sql         = "-- A copy.\nSELECT 1 AS n"
      schedule    = "every day 04:10"
      destination = { dataset = "snapshots", table = "n_{run_date}" }
    }
    cost = { sql = "DELETE FROM ops.costs WHERE TRUE", schedule = "every 3 hours" }
  }
}

run "as_their_own_identity_with_published_ends" {
  command = plan

  assert {
    condition = (
      alltrue([
        for query in google_bigquery_data_transfer_config.queries :
        query.service_account_name == "scheduled-queries@retail-test.iam.gserviceaccount.com"
        && !query.disabled
        && query.location == "EU"
      ])
    )
    error_message = "The queries run on a schedule, as their identity, at the location of the data."
  }

  assert {
    condition = (
      google_service_account_iam_member.agent.service_account_id == var.identity.name
      && google_service_account_iam_member.agent.role == "roles/iam.serviceAccountTokenCreator"
    )
    error_message = "The service creates tokens only of this account."
  }

  assert {
    condition = (
      google_pubsub_topic_iam_member.agent.role == "roles/pubsub.publisher"
      && google_pubsub_subscription.runs.expiration_policy[0].ttl == ""
    )
    error_message = "The service publishes, and its messages are kept."
  }
}

run "the_agent_has_its_role" {
  command = plan

  assert {
    condition     = google_project_iam_member.agent.role == "roles/bigquerydatatransfer.serviceAgent"
    error_message = "An agent that was created on request is not granted its role automatically."
  }
}

run "only_a_select_has_a_destination" {
  command = plan

  assert {
    condition = (
      google_bigquery_data_transfer_config.queries["snapshot"].destination_dataset_id == "snapshots"
      && google_bigquery_data_transfer_config.queries["snapshot"].params["write_disposition"] == "WRITE_TRUNCATE"
    )
    error_message = "A second run of a day replaces the first."
  }

  assert {
    condition = (
      google_bigquery_data_transfer_config.queries["cost"].destination_dataset_id == null
      && keys(google_bigquery_data_transfer_config.queries["cost"].params) == tolist(["query"])
    )
    error_message = "BigQuery rejects a destination of a statement."
  }
}

run "paused_with_all_schedules" {
  command = plan

  variables {
    paused = true
  }

  assert {
    condition     = alltrue([for query in google_bigquery_data_transfer_config.queries : query.disabled])
    error_message = "Paused schedules are disabled, not absent."
  }
}

run "a_schedule_in_cron_format" {
  command = plan

  variables {
    queries = { cost = { sql = "SELECT 1", schedule = "10 4 * * *" } }
  }

  expect_failures = [var.queries]
}

run "a_destination_for_a_statement" {
  command = plan

  variables {
    queries = {
      cost = {
        sql         = "DELETE FROM ops.costs WHERE TRUE"
        schedule    = "every day 04:10"
        destination = { dataset = "ops", table = "costs" }
      }
    }
  }

  expect_failures = [var.queries]
}

run "an_id_instead_of_the_number" {
  command = plan

  variables {
    project_number = "retail-test"
  }

  expect_failures = [var.project_number]
}
