output "name" {
  description = "The bucket's name; it waits for nobody's access."
  value       = google_storage_bucket.landing.name
}

output "url" {
  description = "The bucket as gs://NAME, once its writers may write."
  value       = google_storage_bucket.landing.url
  depends_on  = [google_storage_bucket_iam_member.writers]
}
