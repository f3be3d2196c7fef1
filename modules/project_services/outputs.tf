output "billing_account" {
  description = "The billing account that pays for the project, as 012345-6789AB-CDEF01; empty without one."
  value       = data.google_project.this.billing_account
}

output "number" {
  description = "The project's number, which names Google's own service agents."
  value       = data.google_project.this.number
}

output "project_id" {
  description = "The project, once its APIs are on: what is built with it waits for them."
  value       = var.project_id
  depends_on  = [google_project_service.services]
}
