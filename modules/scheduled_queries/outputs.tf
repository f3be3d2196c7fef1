output "queries" {
  description = "Full name of each scheduled query, by its own name; the service assigns it."
  value       = { for name, query in google_bigquery_data_transfer_config.queries : name => query.name }
}

output "subscription" {
  description = "Full name of the subscription that keeps the end of every run for a week."
  value       = google_pubsub_subscription.runs.id
}
