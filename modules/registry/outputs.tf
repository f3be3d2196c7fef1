output "url" {
  description = "Where images are pushed to, REGION-docker.pkg.dev/PROJECT/NAME, once its writers may."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.registry.repository_id}"
  depends_on  = [google_artifact_registry_repository_iam_member.writers]
}
