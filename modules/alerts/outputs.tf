output "channels" {
  description = "Full names of all notification channels."
  value       = local.channels
}

output "dashboard" {
  description = "Full name of the dashboard."
  value       = google_monitoring_dashboard.dashboard.id
}

# The Budgets API accepts no other type.
output "email_channels" {
  description = "Full names of the notification channels of type email."
  value = [
    for name in sort(keys(var.channels)) : google_monitoring_notification_channel.channels[name].name
    if var.channels[name].type == "email"
  ]
}

output "runbooks" {
  description = "The runbooks that the alerts name, without file extension."
  value       = sort(local.runbooks)
}
