output "bucket" {
  description = "The landing bucket, as gs://NAME."
  value       = module.landing.url
}

output "dataform_repository" {
  description = "Full name of Dataform's repository, which scripts/release fills."
  value       = module.dataform.id
}

output "datasets" {
  description = "Full ids of the datasets, by name."
  value       = module.warehouse.datasets
}

output "identities" {
  description = "E-mail of each service account, by name. Spreadsheets are shared with that of sheets-sync."
  value       = module.identities.emails
}

output "jobs" {
  description = "Full names of the Run jobs, by package."
  value       = { connector = module.connector.id, pipeline = module.pipeline.id, sheets_sync = module.sheets_sync.id }
}

output "project_id" {
  description = "The environment's project."
  value       = module.project_services.project_id
}

output "region" {
  description = "Where jobs, schedules and Dataform are."
  value       = var.region
}

output "schedules" {
  description = "Names of the schedules, by the pipeline's argument."
  value       = { for name, schedule in module.schedule : name => schedule.name }
}

output "secrets" {
  description = "Secrets that python -m scripts.secret gives their value, by source or by the setting that they are."
  value       = merge({ for source, secret in module.secret : source => secret.name }, { for setting, secret in module.notice_secret : setting => secret.name })
}
