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

output "delivery_provider" {
  description = "What google-github-actions/auth is given as workload_identity_provider; null where only people deliver."
  value       = one([for delivery in module.delivery : delivery.provider])
}

output "identities" {
  description = "E-mail of each service account, by name. Spreadsheets are shared with that of sheets-sync."
  value       = module.identities.emails
}

output "jobs" {
  description = "Full names of the Run jobs, by name."
  value       = { connector = module.connector.id, key_rotation = module.key_rotation.id, pipeline = module.pipeline.id, sheets_sync = module.sheets_sync.id }
}

output "project_id" {
  description = "The environment's project."
  value       = module.project_services.project_id
}

output "region" {
  description = "Where jobs, schedules and Dataform are."
  value       = var.region
}

output "registry" {
  description = "Where images are pushed to."
  value       = module.registry.url
}

output "scheduled_queries" {
  description = "Full names of the scheduled queries, by their own."
  value       = module.scheduled_queries.queries
}

output "schedules" {
  description = "Names of the schedules: the pipeline's by its argument, and that of key-rotation."
  value       = merge({ for name, schedule in module.schedule : name => schedule.name }, { rotation = module.key_rotation_schedule.name })
}

output "secrets" {
  description = "Secrets that python -m scripts.secret gives their value, by source or by the setting that they are."
  value       = merge({ for source, secret in module.secret : source => secret.name }, { for setting, secret in module.notice_secret : setting => secret.name })
}
