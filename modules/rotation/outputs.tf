output "subscription" {
  description = "Full name, projects/PROJECT/subscriptions/NAME, once its consumers may read it."
  value       = google_pubsub_subscription.due.id
  depends_on  = [google_pubsub_subscription_iam_member.consumers]
}

output "topic" {
  description = "Full name, projects/PROJECT/topics/NAME, once Secret Manager may publish to it: what a secret names."
  value       = google_pubsub_topic.notices.id
  depends_on  = [google_pubsub_topic_iam_member.agent]
}
