output "emails" {
  description = "E-mail of each service account, by name: who a job runs as."
  value       = { for name, identity in google_service_account.identities : name => identity.email }
}

output "members" {
  description = "Each service account as IAM names it, serviceAccount:EMAIL, by name."
  value       = { for name, identity in google_service_account.identities : name => identity.member }
}

output "names" {
  description = "Full resource name of each service account, by name: what grants on itself refer to."
  value       = { for name, identity in google_service_account.identities : name => "projects/${var.project_id}/serviceAccounts/${identity.email}" } # unlike .name, known in a plan
}
