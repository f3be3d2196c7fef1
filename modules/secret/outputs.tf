output "name" {
  description = "The secret's id, once its accessors may read it."
  value       = google_secret_manager_secret.secret.secret_id
  depends_on  = [google_secret_manager_secret_iam_member.accessors]
}
