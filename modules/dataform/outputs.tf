output "id" {
  description = "Full name, projects/PROJECT/locations/REGION/repositories/NAME; available after all grants."
  value       = google_dataform_repository.repository.id
  depends_on = [
    google_dataform_repository_iam_member.invokers,
    google_dataform_repository_iam_member.releasers,
    google_dataform_repository_iam_member.viewers,
    google_service_account_iam_member.invokers,
    google_service_account_iam_member.agent,
    google_dataform_repository_iam_member.rehearsers,
    google_service_account_iam_member.rehearsers,
    google_service_account_iam_member.rehearsal_agent,
  ]
}

output "name" {
  description = "Short name; it does not wait for grants."
  value       = google_dataform_repository.repository.name
}
