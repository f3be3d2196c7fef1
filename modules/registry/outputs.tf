output "url" {
  description = "Target of pushes, REGION-docker.pkg.dev/PROJECT/NAME; available after all grants."
  value       = join("/", ["${var.region}-docker.pkg.dev", var.project_id, local.name])
  depends_on  = [google_artifact_registry_repository_iam_member.writers]
}
