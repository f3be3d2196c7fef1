output "id" {
  description = "Full name, projects/PROJECT/locations/REGION/jobs/NAME, once its runners may execute it."
  value       = google_cloud_run_v2_job.job.id
  depends_on  = [google_cloud_run_v2_job_iam_member.runners, google_cloud_run_v2_job_iam_member.watchers]
}

output "name" {
  description = "Short name; it waits for nobody's access."
  value       = google_cloud_run_v2_job.job.name
}
