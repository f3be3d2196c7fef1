locals {
  agent = "serviceAccount:service-${var.project_number}@gcp-sa-bigquerydatatransfer.iam.gserviceaccount.com"
}

# BigQuery publishes the end of every run, successful or not; the message contains the state.
resource "google_pubsub_topic" "runs" {
  #checkov:skip=CKV_GCP_83:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  project = var.project_id
  name    = var.name
  labels  = { component = "scheduled-queries" }
}

resource "google_pubsub_topic_iam_member" "agent" {
  project = var.project_id
  topic   = google_pubsub_topic.runs.name
  role    = "roles/pubsub.publisher"
  member  = local.agent
}

# A topic drops messages without a subscription; this one keeps them for a week.
resource "google_pubsub_subscription" "runs" {
  project                    = var.project_id
  name                       = var.name
  topic                      = google_pubsub_topic.runs.id
  message_retention_duration = "604800s"
  labels                     = { component = "scheduled-queries" }

  expiration_policy {
    ttl = ""
  }
}

# The service creates tokens of this one account; a grant on the project would cover every account.
resource "google_service_account_iam_member" "agent" {
  service_account_id = var.identity.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agent
}

# An agent that was created on request (scripts/bootstrap) is not granted its role automatically. Without it the
# agent cannot write the logs that the alert scheduled-query-failed reads:
# https://cloud.google.com/iam/docs/create-service-agents
resource "google_project_iam_member" "agent" {
  #checkov:skip=CKV_GCP_49:the documented role of Google's own agent; no identity of this project has it
  project = var.project_id
  role    = "roles/bigquerydatatransfer.serviceAgent"
  member  = local.agent
}

resource "google_bigquery_data_transfer_config" "queries" {
  for_each = var.queries
  depends_on = [
    google_project_iam_member.agent,
    google_pubsub_topic_iam_member.agent,
    google_service_account_iam_member.agent,
  ]

  project                   = var.project_id
  location                  = var.location
  display_name              = each.key
  data_source_id            = "scheduled_query"
  schedule                  = each.value.schedule
  disabled                  = var.paused
  service_account_name      = var.identity.email
  notification_pubsub_topic = google_pubsub_topic.runs.id
  destination_dataset_id    = try(each.value.destination.dataset, null)

  params = merge(
    { query = each.value.sql },
    { for destination in each.value.destination[*] : "destination_table_name_template" => destination.table },
    { for destination in each.value.destination[*] : "write_disposition" => "WRITE_TRUNCATE" },
  )
}
