output "name" {
  description = "The schedule's short name."
  value       = google_cloud_scheduler_job.schedule.name
}
