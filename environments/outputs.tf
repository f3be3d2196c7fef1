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

output "declared" {
  description = "Names of the sources that are copied and of the exports that are published."
  value       = { sources = keys(local.sources), exports = keys(local.exports) }

  precondition {
    condition     = length(setsubtract(keys(local.source_files), keys(local.sources))) == 0
    error_message = "Not readable as sources: ${join(", ", [for name in setsubtract(keys(local.source_files), keys(local.sources)) : "connector/sources/${name}.yaml"])}. A source is YAML with a kind, and endpoints that have a table each. Where it is wrong says: python -m connector --source NAME --endpoint ANY"
  }

  precondition {
    condition     = length(local.without_schema) == 0
    error_message = "Tables without a schema: write ${join(", ", [for table in local.without_schema : "connector/schemas/${table}.json"])}, or correct the table of the endpoint in connector/sources."
  }

  precondition {
    condition     = length(setsubtract(keys(local.export_files), keys(local.exports))) == 0
    error_message = "Not readable as exports: ${join(", ", [for name in setsubtract(keys(local.export_files), keys(local.exports)) : "sheets_sync/exports/${name}.yaml"])}. An export is YAML with a table. Where it is wrong says: python -m sheets_sync --export NAME"
  }
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
