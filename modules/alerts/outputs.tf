output "channels" {
  description = "Full names of the notification channels, for whoever else has something to say."
  value       = local.channels
}

output "dashboard" {
  description = "Full name of the dashboard."
  value       = google_monitoring_dashboard.dashboard.id
}

output "runbooks" {
  description = "The runbooks that the alerts name, without their ending."
  value       = sort(local.runbooks)
}
