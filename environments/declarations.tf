# What stands in connector/sources, connector/schemas, sheets_sync/exports and environments/queries, as the modules want it.
locals {
  source_files = { for file in fileset("${path.module}/../connector/sources", "*.yaml") : trimsuffix(file, ".yaml") => file("${path.module}/../connector/sources/${file}") }
  export_files = { for file in fileset("${path.module}/../sheets_sync/exports", "*.yaml") : trimsuffix(file, ".yaml") => file("${path.module}/../sheets_sync/exports/${file}") }

  # Those that cannot be read are left out here, and refused by name in outputs.tf.
  sources = { for name, text in local.source_files : name => yamldecode(text) if can([yamldecode(text).kind, [for endpoint in values(yamldecode(text).endpoints) : endpoint.table]]) }
  exports = { for name, text in local.export_files : name => yamldecode(text) if can(yamldecode(text).table) }

  endpoints = merge([
    for source, declared in local.sources : { for name, endpoint in declared.endpoints : name => merge(endpoint, { source = source }) }
  ]...)

  # The steps of the pipeline, by <source>/<endpoint>.
  endpoint_schedules = merge([
    for source, declared in local.sources : { for name, endpoint in declared.endpoints : "${source}/${name}" => endpoint.schedule }
  ]...)

  raw_tables = {
    for name, endpoint in local.endpoints : endpoint.table => {
      description = "What ${endpoint.source} answers for ${name}, as received and append only: one row for each time that an item was fetched."
      schema      = file("${path.module}/../connector/schemas/${endpoint.table}.json")
    } if !contains(local.without_schema, endpoint.table)
  }

  without_schema = [for endpoint in local.endpoints : endpoint.table if !fileexists("${path.module}/../connector/schemas/${endpoint.table}.json")]

  source_urls    = { for source, declared in local.sources : "${upper(source)}_URL" => lookup(var.source_urls, source, declared.url) if can(declared.url) }
  source_secrets = { for source, declared in local.sources : "${upper(source)}_API_KEY" => module.secret[source].name if can(declared.secret) }
  source_sheets  = { for source, declared in local.sources : "${upper(source)}_SPREADSHEET" => var.source_spreadsheets[source] if declared.kind == "sheet" }

  # Exports that read raw without a model between; only then may sheets-sync read it.
  raw_readers = { for name in ["sheets-sync"] : name => module.identities.members[name] if length([for export in local.exports : export if startswith(export.table, "raw.")]) > 0 }

  # By kind of destination: a spreadsheet's id, an API's address and key, a bucket.
  sheet_exports  = toset([for name, export in local.exports : name if try(export.destination.kind, "sheets") == "sheets"])
  http_exports   = { for name, export in local.exports : name => export.destination if try(export.destination.kind, "") == "http" }
  file_exports   = toset([for name, export in local.exports : name if try(export.destination.kind, "") == "file"])
  export_secrets = { for name, destination in local.http_exports : name => "${replace(name, "_", "-")}-api-key" if can(destination.auth.header) }
  export_places = merge(
    { for name in local.sheet_exports : "${upper(name)}_SPREADSHEET" => var.spreadsheets[name] },
    { for name, _ in local.http_exports : "${upper(name)}_URL" => var.export_urls[name] },
    { for name in local.file_exports : "${upper(name)}_BUCKET" => var.export_buckets[name] },
    length(local.http_exports) > 0 ? { BUCKET = module.landing.name } : {},
  )

  # What notices need where they are switched on; the password is that of a mail server which asks for one.
  notices = merge([for smtp in var.notices.smtp[*] : { for setting, value in {
    SMTP_HOST = smtp.host
    SMTP_PORT = tostring(smtp.port)
    SMTP_FROM = smtp.from
    SMTP_USER = smtp.user
  } : setting => value if value != null }]...)

  notice_secrets = { for setting, secret in {
    SMTP_PASSWORD  = { wanted = can(local.notices.SMTP_USER), name = "smtp-password", description = "The password that sheets-sync gives the mail server." }
    WEBHOOK_SECRET = { wanted = var.notices.webhooks, name = "webhook-secret", description = "The key that sheets-sync signs webhooks with, and their receivers check." }
  } : setting => secret if secret.wanted }

  # Tables of ods that hold what nothing else does, by the column of their partitions where a query must name it.
  snapshots = { customers = "", products = "", sales = "datetime" }

  # The service knows no zone but UTC.
  scheduled_queries = merge(
    {
      for table, partition in local.snapshots : "snapshot_${table}" => {
        sql         = templatefile("${path.module}/queries/snapshot.sql", { table = table, partition = partition })
        schedule    = "every day 04:10"
        destination = { dataset = "snapshots", table = "${table}_{run_date}" }
      }
    },
    {
      cost = {
        sql      = templatefile("${path.module}/queries/cost.sql", { region = lower(var.location), usd_per_tib = var.usd_per_tib })
        schedule = "every day 03:10"
      }
      freshness = {
        sql      = file("${path.module}/queries/freshness.sql")
        schedule = "every 1 hours"
      }
    },
  )
}
