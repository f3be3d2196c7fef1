output "emails" {
  description = "E-mail of each service account, by name."
  value       = { for name, identity in google_service_account.identities : name => identity.email }
}

output "members" {
  description = "Each service account as an IAM member, serviceAccount:EMAIL, by name."
  value       = { for name, identity in google_service_account.identities : name => identity.member }
}

# Not `.name` of the resource, which is unknown until apply.
output "names" {
  description = "Full resource name of each service account, by name: for grants on the account itself."
  value = {
    for name, identity in google_service_account.identities :
    name => "projects/${var.project_id}/serviceAccounts/${identity.email}"
  }
}
