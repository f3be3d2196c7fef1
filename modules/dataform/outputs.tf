output "id" {
  description = "Full name, projects/PROJECT/locations/REGION/repositories/NAME, once its invokers may run it."
  value       = google_dataform_repository.repository.id
  depends_on = [
    google_dataform_repository_iam_member.invokers,
    google_service_account_iam_member.invokers,
    google_service_account_iam_member.agent,
  ]
}

output "name" {
  description = "Short name; it waits for nobody's access."
  value       = google_dataform_repository.repository.name
}
