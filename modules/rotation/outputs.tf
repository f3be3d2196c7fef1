# Not `.id` of the resources, which is unknown until apply.
output "subscription" {
  description = "Full name, projects/PROJECT/subscriptions/NAME; available after all grants."
  value       = "projects/${var.project_id}/subscriptions/${google_pubsub_subscription.due.name}"
  depends_on  = [google_pubsub_subscription_iam_member.consumers]
}

output "topic" {
  description = "Full name, projects/PROJECT/topics/NAME; available when Secret Manager may publish to it."
  value       = "projects/${var.project_id}/topics/${google_pubsub_topic.notices.name}"
  depends_on  = [google_pubsub_topic_iam_member.agent]
}
