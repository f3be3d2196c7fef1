output "name" {
  description = "The secret's id, once those who are named may read and rotate it."
  value       = google_secret_manager_secret.secret.secret_id
  depends_on  = [google_secret_manager_secret_iam_member.accessors, google_secret_manager_secret_iam_member.rotators]
}
