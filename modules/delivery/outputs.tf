output "provider" {
  description = "Full name of the provider, which google-github-actions/auth is given, once its runs may act."
  value       = "projects/${var.project_number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.pool.workload_identity_pool_id}/providers/${google_iam_workload_identity_pool_provider.github.workload_identity_pool_provider_id}"
  depends_on  = [google_service_account_iam_member.federated, google_project_iam_member.roles, google_storage_bucket_iam_member.state, google_storage_bucket_iam_member.lock]
}
