# True from the first plan after the delivery: changes of the image are ignored, so the state has the real one.
output "has_image" {
  description = "Whether an image was delivered; until then the job runs Google's sample."
  value       = google_cloud_run_v2_job.job.template[0].template[0].containers[0].image != local.sample_image
}

output "id" {
  description = "Full name, projects/PROJECT/locations/REGION/jobs/NAME; available after all grants."
  value       = google_cloud_run_v2_job.job.id
  depends_on = [
    google_cloud_run_v2_job_iam_member.runners,
    google_cloud_run_v2_job_iam_member.updaters,
    google_cloud_run_v2_job_iam_member.watchers,
    google_service_account_iam_member.updaters,
  ]
}

output "name" {
  description = "Short name; it does not wait for grants."
  value       = google_cloud_run_v2_job.job.name
}
