output "name" {
  description = "The bucket's name, once its writers may write."
  value       = google_storage_bucket.landing.name
  depends_on  = [google_storage_bucket_iam_member.writers]
}
