output "subscription" {
  description = "Full name, projects/PROJECT/subscriptions/NAME, once its consumers may read it."
  value       = "projects/${var.project_id}/subscriptions/${google_pubsub_subscription.due.name}" # unlike .id, known in a plan
  depends_on  = [google_pubsub_subscription_iam_member.consumers]
}

output "topic" {
  description = "Full name, projects/PROJECT/topics/NAME, once Secret Manager may publish to it: what a secret names."
  value       = "projects/${var.project_id}/topics/${google_pubsub_topic.notices.name}"
  depends_on  = [google_pubsub_topic_iam_member.agent]
}
