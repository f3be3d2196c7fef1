# The declarations of connector/sources, connector/schemas, sheets_sync/exports and environments/queries, in the
# form of the modules' variables.
locals {
  source_folder = "${path.module}/../connector/sources"
  schema_folder = "${path.module}/../connector/schemas"
  export_folder = "${path.module}/../sheets_sync/exports"

  source_files = {
    for file in fileset(local.source_folder, "*.yaml") :
    trimsuffix(file, ".yaml") => file("${local.source_folder}/${file}")
  }
  export_files = {
    for file in fileset(local.export_folder, "*.yaml") :
    trimsuffix(file, ".yaml") => file("${local.export_folder}/${file}")
  }

  # Unreadable files are left out here; outputs.tf rejects them by name.
  sources = {
    for name, text in local.source_files : name => yamldecode(text)
    if can([yamldecode(text).kind, [for endpoint in values(yamldecode(text).endpoints) : endpoint.table]])
  }
  export_declarations = {
    for name, text in local.export_files : name => yamldecode(text) if can(yamldecode(text).table)
  }
  # An export with segments is one export for each of them, by name.
  exports = merge([
    for name, declared in local.export_declarations : {
      for segment in try(keys(declared.segments.values), [""]) :
      join("_", compact([name, segment])) => declared
    }
  ]...)

  # Every endpoint of every source. Folders in the bucket, leases and logs have the name of the source too, so two
  # sources may have an endpoint of one name; outputs.tf rejects a table that two endpoints fill.
  endpoint_list = flatten([
    for source, declared in local.sources : [
      for name, endpoint in declared.endpoints : { name = name, source = source, table = endpoint.table }
    ]
  ])
  endpoints_by_table = { for endpoint in local.endpoint_list : endpoint.table => endpoint... }

  duplicate_tables = [
    for table, all in local.endpoints_by_table :
    "${table} (${join(", ", [for endpoint in all : "${endpoint.source}.${endpoint.name}"])})" if length(all) > 1
  ]

  # For the lineage on the page of the job report.
  endpoint_tables = {
    for endpoint in local.endpoint_list : "${endpoint.source}/${endpoint.name}" => "raw.${endpoint.table}"
  }

  export_tables = {
    for name, export in local.exports : name => strcontains(export.table, ".") ? export.table : "dmt.${export.table}"
  }

  # The steps of the pipeline: schedules by <source>/<endpoint>.
  endpoint_schedules = merge([
    for source, declared in local.sources : {
      for name, endpoint in declared.endpoints : "${source}/${name}" => try(endpoint.schedule, "daily")
    }
  ]...)

  # Tasks of one execution that share an endpoint, where the declaration has more than one.
  endpoint_tasks = merge([
    for source, declared in local.sources : {
      for name, endpoint in declared.endpoints : "${source}/${name}" => endpoint.tasks if try(endpoint.tasks > 1, false)
    }
  ]...)
  task_settings = length(local.endpoint_tasks) == 0 ? {} : { CONNECTOR_TASKS = jsonencode(local.endpoint_tasks) }

  # The daily run copies every endpoint.
  hourly_endpoints = sort([
    for endpoint in local.endpoint_list : endpoint.name
    if local.endpoint_schedules["${endpoint.source}/${endpoint.name}"] == "hourly"
  ])
  scheduled_endpoints = {
    hourly = join(", ", local.hourly_endpoints)
    daily  = join(", ", sort(local.endpoint_list[*].name))
  }

  unknown_schedules = [
    for endpoint, schedule in local.endpoint_schedules : "${endpoint} has ${schedule}"
    if !contains(["hourly", "daily"], schedule)
  ]

  raw_tables = {
    for table, all in local.endpoints_by_table : table => {
      description = join(" ", [
        "Responses of ${all[0].source} for ${all[0].name}, as received, append only:",
        "one row for each time that an item was fetched.",
      ])
      schema = file("${local.schema_folder}/${table}.json")
    } if !contains(local.without_schema, table)
  }

  without_schema = [
    for table in keys(local.endpoints_by_table) : table if !fileexists("${local.schema_folder}/${table}.json")
  ]

  source_kinds = ["rest", "sheet", "files", "mongodb", "postgres", "mysql"]
  export_kinds = ["sheets", "http", "file"]
  unknown_kinds = concat(
    [
      for name, source in local.sources : "connector/sources/${name}.yaml has ${source.kind}"
      if !contains(local.source_kinds, source.kind)
    ],
    [
      for name, kind in local.export_kind : "sheets_sync/exports/${name}.yaml has ${kind}"
      if !contains(local.export_kinds, kind)
    ],
  )

  source_urls = {
    for source, declared in local.sources :
    "${upper(source)}_URL" => lookup(var.source_urls, source, declared.url) if can(declared.url)
  }
  source_secrets = {
    for source, declared in local.sources :
    "${upper(source)}_API_KEY" => module.secret[source].name if can(declared.secret)
  }
  sheet_sources = toset([for name, source in local.sources : name if source.kind == "sheet"])
  source_sheets = {
    for source in local.sheet_sources : "${upper(source)}_SPREADSHEET" => var.source_spreadsheets[source]
  }

  # Endpoints with `prepare: spark`: the transformation is connector/transformations/<table>.py, and the arguments are
  # those of connector/spark/prepare.py. Without such an endpoint nothing of Spark exists.
  transformation_folder = "${path.module}/../connector/transformations"
  prepared = {
    for endpoint in local.endpoint_list :
    "${endpoint.source}/${endpoint.name}" => merge(
      local.sources[endpoint.source].endpoints[endpoint.name], { source = endpoint.source, table = endpoint.table }
    )
    if try(local.sources[endpoint.source].endpoints[endpoint.name].prepare, "") == "spark"
  }
  uses_spark = length(local.prepared) > 0
  spark_code = local.uses_spark ? merge(
    { "prepare.py" = file("${path.module}/../connector/spark/prepare.py") },
    {
      for name, endpoint in local.prepared :
      "${endpoint.table}.py" => file("${local.transformation_folder}/${endpoint.table}.py")
      if !contains(local.without_transformation, endpoint.table)
    },
  ) : {}
  without_transformation = [
    for name, endpoint in local.prepared : endpoint.table
    if !fileexists("${local.transformation_folder}/${endpoint.table}.py")
  ]
  source_prepared = {
    for source in toset(values(local.prepared)[*].source) :
    "${upper(source)}_PREPARED" => one(values(module.spark)).runs
  }

  # The variable SPARK of the pipeline.
  spark_settings = { for name, spark in module.spark : "SPARK" => jsonencode({
    main            = spark.code["prepare.py"]
    service_account = module.identities.emails["spark-batches"]
    subnetwork      = spark.subnetwork
    endpoints = {
      for name, endpoint in local.prepared : name => {
        module = lookup(spark.code, "${endpoint.table}.py", "")
        output = "${spark.runs}${name}/"
        arguments = concat(
          ["--module", endpoint.table],
          ["--input", "${trimsuffix(local.source_urls["${upper(endpoint.source)}_URL"], "/")}/${endpoint.glob}"],
          ["--format", one(keys(endpoint.format))],
          ["--options", jsonencode(one(values(endpoint.format)))],
          try(endpoint.keeps_rows, false) ? ["--keeps-rows"] : [],
        )
      }
    }
  }) }

  # An export may read raw directly (docs/adr/0008). Only then may sheets-sync read raw.
  reads_raw   = length([for export in local.exports : export if startswith(export.table, "raw.")]) > 0
  raw_readers = { for name in local.reads_raw ? ["sheets-sync"] : [] : name => module.identities.members[name] }

  # The exports of the verdict (docs/adr/0014), which the pipeline syncs after it has recorded a run. They need no
  # grant: sheets-sync writes its logs in ops, and the view reads tables of ops only.
  verdict_exports  = sort([for name, export in local.exports : name if startswith(export.table, "ops.")])
  verdict_settings = length(local.verdict_exports) == 0 ? {} : { VERDICT_EXPORTS = join(",", local.verdict_exports) }

  # What an export needs by the kind of its destination: a spreadsheet's id, an API's address and key, a bucket.
  export_kind   = { for name, export in local.exports : name => try(export.destination.kind, "sheets") }
  sheet_exports = toset([for name, kind in local.export_kind : name if kind == "sheets"])
  file_exports  = toset([for name, kind in local.export_kind : name if kind == "file"])
  http_exports = {
    for name, export in local.exports : name => export.destination
    if try(export.destination.kind, "") == "http"
  }
  export_secrets = {
    for name, destination in local.http_exports : name => "${replace(name, "_", "-")}-api-key"
    if can(destination.auth.header) || can(destination.auth.token_url)
  }
  export_places = merge(
    { for name in local.sheet_exports : "${upper(name)}_SPREADSHEET" => var.spreadsheets[name] },
    { for name, _ in local.http_exports : "${upper(name)}_URL" => var.export_urls[name] },
    { for name in local.file_exports : "${upper(name)}_BUCKET" => var.export_buckets[name] },
    length(local.http_exports) > 0 ? { BUCKET = module.landing.name } : {},
  )

  # Settings of notices, if they are enabled. The password is for a mail server with a login.
  notices = merge([for smtp in var.notices.smtp[*] : { for setting, value in {
    SMTP_HOST = smtp.host
    SMTP_PORT = tostring(smtp.port)
    SMTP_FROM = smtp.from
    SMTP_USER = smtp.user
  } : setting => value if value != null }]...)

  # Receivers of the mail about last night; without them the job report has no settings of a mail server. The
  # console shows the page: storage.cloud.google.com returns no object of a bucket whose reads are logged.
  # https://cloud.google.com/storage/docs/access-control/cookie-based-authentication
  mails_report = length(var.notices.report) > 0
  report_mail = { for setting, value in merge(local.notices, {
    REPORT_RECIPIENTS = join(",", var.notices.report)
    PAGES             = "https://console.cloud.google.com/storage/browser/_details/${module.report_bucket.name}"
  }) : setting => value if local.mails_report }
  report_mailers = { for name in local.mails_report ? ["report"] : [] : name => module.identities.members[name] }

  notice_secrets = { for setting, secret in {
    SMTP_PASSWORD = {
      enabled     = can(local.notices.SMTP_USER)
      name        = "smtp-password"
      description = "The password with which jobs log in to the mail server."
      accessors   = local.report_mailers
    }
    WEBHOOK_SECRET = {
      enabled     = var.notices.webhooks
      name        = "webhook-secret"
      description = "The key with which sheets-sync signs webhooks; their receivers verify it."
      accessors   = {}
    }
  } : setting => secret if secret.enabled }

  # A model of Dataform per file: what business teams chart.
  mart_folder = "${path.module}/../dataform/definitions/dmt"
  marts       = toset([for file in fileset(local.mart_folder, "*.sqlx") : trimsuffix(file, ".sqlx")])

  # Tables of ods that follow from raw, with the partition column that a query has to filter by, or "". Their
  # snapshots keep what raw no longer holds.
  model_folder = "${path.module}/../dataform/definitions/ods"
  models = {
    for table in keys(local.raw_tables) : table => file("${local.model_folder}/${table}.sqlx")
    if fileexists("${local.model_folder}/${table}.sqlx")
  }
  snapshots = {
    for table, model in local.models :
    table => try(regex("partitionBy: \"(?:date\\()?(\\w+).*requirePartitionFilter: true", model)[0], "")
  }

  # Schedules of the transfer service are in UTC.
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
        sql = templatefile("${path.module}/queries/cost.sql", {
          region      = lower(var.location)
          usd_per_tib = var.usd_per_tib
        })
        schedule = "every day 03:10"
      }
      freshness = {
        sql      = file("${path.module}/queries/freshness.sql")
        schedule = "every 1 hours"
      }
    },
  )
}
