resource "google_pubsub_topic" "notices" {
  #checkov:skip=CKV_GCP_83:Google encrypts at rest; a key of one's own is one more thing to lose the data with, and no rule here asks for it
  project = var.project_id
  name    = var.name
  labels  = { component = "rotation" }
}

# Secret Manager refuses a secret with a topic that its agent may not publish to.
resource "google_pubsub_topic_iam_member" "agent" {
  project = var.project_id
  topic   = google_pubsub_topic.notices.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:service-${var.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
}

# A topic hears of everything that happens to its secrets, also of the version that a rotation adds.
resource "google_pubsub_subscription" "due" {
  project                    = var.project_id
  name                       = var.name
  topic                      = google_pubsub_topic.notices.id
  filter                     = "attributes.eventType = \"SECRET_ROTATE\""
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s" # a week: the longest that a notice may wait to be mended
  labels                     = { component = "rotation" }

  expiration_policy {
    ttl = "" # never, though months pass between two notices
  }
}

resource "google_pubsub_subscription_iam_member" "consumers" {
  for_each = var.consumers

  project      = var.project_id
  subscription = google_pubsub_subscription.due.name
  role         = "roles/pubsub.subscriber"
  member       = each.value
}
