output "billing_account" {
  description = "The billing account that pays for the project, 012345-6789AB-CDEF01; empty without one."
  value       = data.google_project.this.billing_account
}

output "number" {
  description = "The project's number, which is part of the names of Google's service agents."
  value       = data.google_project.this.number
}

output "project_id" {
  description = "The project; available after its APIs are enabled, so that what uses it waits for them."
  value       = var.project_id
  depends_on  = [google_project_service.services]
}
