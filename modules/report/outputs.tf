output "name" {
  description = "The bucket's name; it does not wait for grants."
  value       = google_storage_bucket.pages.name
}

output "url" {
  description = "gs://NAME; available after all grants."
  value       = google_storage_bucket.pages.url
  depends_on  = [google_storage_bucket_iam_member.readers, google_storage_bucket_iam_member.writers]
}
