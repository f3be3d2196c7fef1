output "name" {
  description = "The bucket's name; it does not wait for grants."
  value       = google_storage_bucket.landing.name
}

output "url" {
  description = "The bucket as gs://NAME; available after all grants."
  value       = google_storage_bucket.landing.url
  depends_on  = [google_storage_bucket_iam_policy.access]
}
