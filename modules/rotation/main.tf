resource "google_pubsub_topic" "notices" {
  #checkov:skip=CKV_GCP_83:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  project = var.project_id
  name    = var.name
  labels  = { component = "rotation" }
}

# Secret Manager rejects a secret with a topic that its agent may not publish to.
resource "google_pubsub_topic_iam_member" "agent" {
  project = var.project_id
  topic   = google_pubsub_topic.notices.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:service-${var.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
}

# Secret Manager publishes every event of a secret, also the new version that a rotation adds: hence the filter.
resource "google_pubsub_subscription" "due" {
  project                    = var.project_id
  name                       = var.name
  topic                      = google_pubsub_topic.notices.id
  filter                     = "attributes.eventType = \"SECRET_ROTATE\""
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s" # a week, the longest time to repair a rotation
  labels                     = { component = "rotation" }

  expiration_policy {
    ttl = "" # never: by default a subscription without traffic for 31 days is deleted
  }
}

resource "google_pubsub_subscription_iam_member" "consumers" {
  for_each = var.consumers

  project      = var.project_id
  subscription = google_pubsub_subscription.due.name
  role         = "roles/pubsub.subscriber"
  member       = each.value
}
