locals {
  agent = "serviceAccount:service-${var.project_number}@gcp-sa-bigquerydatatransfer.iam.gserviceaccount.com"
}

# BigQuery tells it the end of every run, good or bad; whoever listens looks at the state.
resource "google_pubsub_topic" "runs" {
  #checkov:skip=CKV_GCP_83:Google encrypts at rest; a key of one's own is one more thing to lose the data with, and no rule here asks for it
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

# A topic keeps nothing for those who come later; this does, for a week.
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

# The service takes the identity's tokens, on this account alone; on the project it could take everybody's.
resource "google_service_account_iam_member" "agent" {
  service_account_id = var.identity.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agent
}

resource "google_bigquery_data_transfer_config" "queries" {
  for_each   = var.queries
  depends_on = [google_pubsub_topic_iam_member.agent, google_service_account_iam_member.agent]

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
