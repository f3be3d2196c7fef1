output "code" {
  description = "gs:// addresses of the code, by the file of var.code."
  value       = { for file, name in local.code : file => "gs://${google_storage_bucket.batches.name}/${name}" }
}

output "name" {
  description = "The bucket's name; it does not wait for grants."
  value       = google_storage_bucket.batches.name
}

output "runs" {
  description = "The folder of all runs, gs://NAME/runs/; available after all grants."
  value       = "gs://${google_storage_bucket.batches.name}/runs/"
  depends_on = [
    google_compute_firewall.batches, google_project_iam_member.runners, google_service_account_iam_member.runners,
    google_storage_bucket_iam_member.access, google_storage_bucket_object.code,
  ]
}

# Not `.id`, which is unknown until apply: the plan of a job shows what its variables become.
output "subnetwork" {
  description = "Full name of the subnetwork, which a batch names."
  value       = "projects/${var.project_id}/regions/${var.region}/subnetworks/${google_compute_subnetwork.batches.name}"
}
