output "provider" {
  description = "Full name of the provider, for google-github-actions/auth; available after all grants."
  value       = "${local.pool_name}/providers/${local.provider}"
  depends_on = [
    google_project_iam_member.roles,
    google_service_account_iam_member.federated,
    google_storage_bucket_iam_member.lock,
    google_storage_bucket_iam_member.rehearsal,
    google_storage_bucket_iam_member.state,
  ]
}
