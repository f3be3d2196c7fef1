output "name" {
  description = "The repository's short name, once it can be run."
  value       = google_dataform_repository.repository.name
  depends_on = [
    google_dataform_repository_iam_member.invokers,
    google_service_account_iam_member.invokers,
    google_service_account_iam_member.agent,
  ]
}
