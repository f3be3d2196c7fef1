output "name" {
  description = "The secret's id; available after all grants."
  value       = google_secret_manager_secret.secret.secret_id
  depends_on = [
    google_secret_manager_secret_iam_member.accessors,
    google_secret_manager_secret_iam_member.rotators,
  ]
}
