output "bucket" {
  description = "The landing bucket, as gs://NAME."
  value       = module.landing.url
}

output "dashboards" {
  description = "A link per mart that opens a new Looker Studio report on it, with the reader's own access."
  value = {
    for mart in local.marts : mart => join("", [
      "https://lookerstudio.google.com/reporting/create?c.mode=edit&r.reportName=${mart}",
      "&ds.ds0.connector=bigQuery&ds.ds0.datasourceName=${mart}&ds.ds0.type=TABLE",
      "&ds.ds0.projectId=${var.project_id}&ds.ds0.datasetId=dmt&ds.ds0.tableId=${mart}",
      var.looker_report == null ? "" : "&c.reportId=${var.looker_report}",
    ])
  }
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
    condition = length(setsubtract(keys(local.source_files), keys(local.sources))) == 0
    error_message = format(
      "Not readable as sources: %s. A source is YAML with a kind, and endpoints with a table each. %s",
      join(", ", [
        for name in setsubtract(keys(local.source_files), keys(local.sources)) : "connector/sources/${name}.yaml"
      ]),
      "For the place of the error run: python -m connector --source NAME --endpoint ANY",
    )
  }

  precondition {
    condition     = length(local.unknown_kinds) == 0
    error_message = <<-EOT
      Unknown kind: ${join(", ", local.unknown_kinds)}. A source is ${join(" or ", local.source_kinds)};
      a destination is ${join(" or ", local.export_kinds)}.
    EOT
  }

  precondition {
    condition     = length(local.unknown_schedules) == 0
    error_message = "A schedule is hourly or daily. Invalid: ${join(", ", local.unknown_schedules)}."
  }

  precondition {
    condition     = length(local.duplicate_tables) == 0
    error_message = "Two endpoints fill a table: ${join("; ", local.duplicate_tables)}. Rename one of them."
  }

  precondition {
    condition = length(local.without_schema) == 0
    error_message = format(
      "Tables without a schema: write %s, or correct the table of the endpoint in connector/sources.",
      join(", ", [for table in local.without_schema : "connector/schemas/${table}.json"]),
    )
  }

  precondition {
    condition = length(local.without_transformation) == 0
    error_message = format(
      "prepare: spark without a transformation: write %s, with a function transform(frame).",
      join(", ", [for table in local.without_transformation : "connector/transformations/${table}.py"]),
    )
  }

  precondition {
    condition = length(setsubtract(keys(local.export_files), keys(local.export_declarations))) == 0
    error_message = format(
      "Not readable as exports: %s. An export is YAML with a table. %s",
      join(", ", [
        for name in setsubtract(keys(local.export_files), keys(local.export_declarations)) :
        "sheets_sync/exports/${name}.yaml"
      ]),
      "For the place of the error run: python -m sheets_sync --export NAME",
    )
  }

  precondition {
    condition     = length(local.unknown_keys) == 0
    error_message = <<-EOT
      Unknown settings in environments/${var.env}.tfvars, without any effect: ${join(", ", local.unknown_keys)}.
      environments/variables.tf has the list; correct or remove them.
    EOT
  }
}

output "delivery_provider" {
  description = "Value of workload_identity_provider for google-github-actions/auth; null without delivery."
  value       = one([for delivery in module.delivery : delivery.provider])
}

output "identities" {
  description = "E-mail of each service account, by name. Share spreadsheets with that of sheets-sync."
  value       = module.identities.emails
}

output "jobs" {
  description = "Full names of the Run jobs, by name."
  value = {
    connector    = module.connector.id
    key_rotation = module.key_rotation.id
    pipeline     = module.pipeline.id
    rehearse     = module.rehearse.id
    report       = module.report.id
    restore      = module.restore.id
    sheets_sync  = module.sheets_sync.id
  }
}

output "location" {
  description = "Location of bucket and datasets; scripts/release compiles for it."
  value       = var.location
}

output "project_id" {
  description = "The environment's project."
  value       = module.project_services.project_id
}

output "region" {
  description = "Region of jobs, schedules and Dataform."
  value       = var.region
}

output "registry" {
  description = "Target of image pushes."
  value       = module.registry.url
}

output "report" {
  description = "The bucket with the page about last night, as gs://NAME; engineers open index.html."
  value       = module.report_bucket.url
}

output "scheduled_queries" {
  description = "Full names of the scheduled queries, by their own names."
  value       = module.scheduled_queries.queries
}

output "schedules" {
  description = "Names of the schedules: the pipeline's by its argument, and that of key-rotation."
  value = merge(
    { for name, schedule in module.schedule : name => schedule.name },
    { rotation = module.key_rotation_schedule.name },
  )
}

output "secrets" {
  description = "Secrets whose value python -m scripts.secret sets, by source or by setting."
  value = merge(
    { for source, secret in module.secret : source => secret.name },
    { for setting, secret in module.notice_secret : setting => secret.name },
  )
}
