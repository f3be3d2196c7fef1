# From top to bottom along the flow of data: source, bucket, raw, ods, dmt, Google Sheets.

module "project_services" {
  source = "../modules/project_services"

  project_id = var.project_id
  services = concat(var.scan_images ? ["containerscanning.googleapis.com"] : [], local.uses_spark ? [
    "compute.googleapis.com",
    "dataproc.googleapis.com",
    "dataprocrm.googleapis.com", # of runtimes from 3.0 on
    ] : [], [
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "bigquerydatatransfer.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbilling.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "dataform.googleapis.com",
    "drive.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "sheets.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
  ])
}

module "identities" {
  source = "../modules/identities"

  project_id = module.project_services.project_id
  identities = merge({
    connector          = "Copies the sources into the landing bucket and loads them into raw."
    dataform-runner    = "Runs the SQL that builds ods and dmt from raw."
    dataform-rehearsal = "Runs the SQL of candidates on clones; it cannot write the live tables."
    key-rotation       = "Requests new keys from the sources when they are due, and stores them in their secrets."
    pipeline           = "Starts the jobs and Dataform in order, and waits for each."
    rehearse           = "Clones ods and dmt, starts candidates on the clones, and counts the rows that differ."
    report             = "Reads the logs in ops and writes the page about last night."
    restore            = "Writes ods and dmt as they were, and takes loads out of raw; only when delivery starts it."
    scheduled-queries  = "Runs the queries of environments/queries on their schedules."
    scheduler          = "Starts the jobs on their schedules."
    sheets-sync        = "Publishes dmt to the spreadsheets that are shared with it."
    }, local.uses_spark ? {
    spark-batches = "Reads files of sources and writes what Spark batches make of them; it reads nothing else."
    } : {}, var.delivery == null ? {} : {
    delivery-apply    = "Applies Terraform, pushes images and releases Dataform, for one branch of the repository."
    delivery-rehearse = "Compiles candidates and starts their rehearsal; it reads no data."
    delivery-plan     = "Plans Terraform for every branch of the repository, and changes nothing."
  })
}

module "rotation" {
  source = "../modules/rotation"

  project_id     = module.project_services.project_id
  project_number = module.project_services.number
  name           = "secret-rotation"
  consumers      = { key-rotation = module.identities.members["key-rotation"] }
}

module "secret" {
  source   = "../modules/secret"
  for_each = { for name, source in local.sources : name => source if can(source.secret) }

  project_id  = module.project_services.project_id
  name        = each.value.secret
  description = "The API key for ${each.key} at ${each.value.url}."
  region      = var.region
  protected   = var.protected
  accessors   = { connector = module.identities.members["connector"] }
  rotators = {
    for name in can(each.value.rotation) ? ["key-rotation"] : [] : name => module.identities.members[name]
  }
  rotation = can(each.value.rotation) ? merge(var.rotation, { topic = module.rotation.topic }) : null
}

module "notice_secret" {
  source   = "../modules/secret"
  for_each = local.notice_secrets

  project_id  = module.project_services.project_id
  name        = each.value.name
  description = each.value.description
  region      = var.region
  protected   = var.protected
  accessors   = merge({ sheets-sync = module.identities.members["sheets-sync"] }, each.value.accessors)
}

module "export_secret" {
  source   = "../modules/secret"
  for_each = local.export_secrets

  project_id  = module.project_services.project_id
  name        = each.value
  description = "The API key of export ${each.key} for ${var.export_urls[each.key]}."
  region      = var.region
  protected   = var.protected
  accessors   = { sheets-sync = module.identities.members["sheets-sync"] }
}

module "landing" {
  source = "../modules/landing"

  project_id = module.project_services.project_id
  name       = "${var.project_id}-landing"
  location   = var.location
  protected  = var.protected
  archives   = [for endpoint in local.endpoint_list : "${endpoint.source}/${endpoint.name}/archive/"]
  writers = merge(
    {
      connector = { member = module.identities.members["connector"] }
      pipeline  = { member = module.identities.members["pipeline"], folder = "pipeline/" }
      restore   = { member = module.identities.members["restore"] } # the lease, and files of a withdrawn load
    },
    # The last state that each API received, row by row; only if there are exports to APIs.
    {
      for name in length(local.http_exports) > 0 ? ["sheets-sync"] : [] :
      name => { member = module.identities.members[name], folder = "sheets_sync/" }
    },
  )
}

# Only for declarations with `prepare: spark`. The owner of a source's bucket grants its objects to the identity.
module "spark" {
  source   = "../modules/spark"
  for_each = toset(local.uses_spark ? ["batches"] : [])

  project_id = module.project_services.project_id
  region     = var.region
  location   = var.location
  name       = "${var.project_id}-spark"
  code       = local.spark_code
  identity = {
    email  = module.identities.emails["spark-batches"]
    member = module.identities.members["spark-batches"]
    name   = module.identities.names["spark-batches"]
  }
  readers = { for name in ["connector", "pipeline"] : name => module.identities.members[name] }
  runners = { pipeline = module.identities.members["pipeline"] }
  deliverers = {
    for name in var.delivery == null ? [] : ["delivery-apply"] : name => module.identities.members[name]
  }
  planners = {
    for name in var.delivery == null ? [] : ["delivery-plan"] : name => module.identities.members[name]
  }
}

module "warehouse" {
  source = "../modules/warehouse"

  project_id = module.project_services.project_id
  location   = var.location
  protected  = var.protected
  raw_tables = local.raw_tables

  endpoint_tables     = local.endpoint_tables
  retention_days      = var.retention_days
  limits              = { for name in ["orphan_rate", "rejects"] : name => var.limits[name] }
  authorized_datasets = { ods = ["dmt"] } # dmt.sales_final is a view over ods

  editors = {
    raw = {
      for name in ["connector", "restore"] : name => module.identities.members[name]
    }
    staging = { connector = module.identities.members["connector"] }
    ods = {
      for name in ["dataform-runner", "restore"] : name => module.identities.members[name]
    }
    dmt = {
      for name in ["dataform-runner", "restore"] : name => module.identities.members[name]
    }
    assertions           = { dataform-runner = module.identities.members["dataform-runner"] }
    ods_rehearsal        = local.rehearsal
    dmt_rehearsal        = local.rehearsal
    assertions_rehearsal = local.rehearsal
    ops = {
      for name in ["connector", "dataform-runner", "pipeline", "restore", "scheduled-queries", "sheets-sync"] :
      name => module.identities.members[name]
    }
    snapshots = { scheduled-queries = module.identities.members["scheduled-queries"] }
  }
  readers = merge(
    { for dataset in ["assertions", "snapshots", "staging"] : dataset => local.engineers },
    # ops.run_log contains which lists were copied completely. A writer may read its dataset.
    {
      ops = merge(local.engineers, {
        for name in ["dataform-rehearsal", "report"] : name => module.identities.members[name]
      })
    },
    {
      ods = merge(local.engineers, {
        for name in ["rehearse", "scheduled-queries"] : name => module.identities.members[name]
      })
    },
    {
      raw = merge(
        local.engineers, local.raw_readers,
        { for name in ["dataform-rehearsal", "dataform-runner"] : name => module.identities.members[name] },
      )
    },
    {
      dmt = merge(local.engineers, local.analysts, {
        for name in ["rehearse", "sheets-sync"] : name => module.identities.members[name]
      })
    },
  )
  job_users = merge(
    {
      for name in [
        "connector", "dataform-rehearsal", "dataform-runner", "pipeline", "rehearse", "report", "restore",
        "scheduled-queries", "sheets-sync"
      ] :
      name => module.identities.members[name]
    },
    local.engineers,
    local.analysts,
    local.deliverers,
    local.rehearsers,
  )
  table_editors = {
    "ops.notice_log" = local.report_mailers # which mail was sent; the job reads the rest of ops
    "ops.releases"   = merge(local.deliverers, { rehearse = module.identities.members["rehearse"] })
  }
  table_readers = { "ops.releases" = local.rehearsers }

  # The pipeline counts orphans and rejects; the query cost reads every job's bytes.
  watchers    = { for dataset in ["ods", "dmt"] : dataset => { pipeline = module.identities.members["pipeline"] } }
  job_viewers = { scheduled-queries = module.identities.members["scheduled-queries"] }
}

module "connector" {
  source = "../modules/job"

  project_id      = module.project_services.project_id
  region          = var.region
  name            = "connector"
  command         = ["python", "-m", "connector"]
  image           = var.images.connector
  identity        = module.identities.emails["connector"]
  secrets         = local.source_secrets
  timeout_seconds = 3600
  max_retries     = 1 # a copy resumes at the page where it stopped
  environment = merge(local.source_urls, local.source_sheets, local.source_prepared, {
    PROJECT_ID = var.project_id
    LOCATION   = var.location
    BUCKET     = module.landing.name
  })
  updaters = local.updaters
  runners  = { pipeline = { member = module.identities.members["pipeline"], overrides = true } }
  watchers = { pipeline = module.identities.members["pipeline"] }
}

module "dataform" {
  source = "../modules/dataform"

  project_id     = module.project_services.project_id
  project_number = module.project_services.number
  region         = var.region
  name           = "warehouse"
  description    = "raw to ods to dmt"
  protected      = var.protected
  invokers       = merge({ pipeline = module.identities.members["pipeline"] }, local.deliverers)
  releasers      = local.updaters
  viewers        = { report = module.identities.members["report"] }
  runner = {
    email = module.identities.emails["dataform-runner"]
    name  = module.identities.names["dataform-runner"]
  }
  rehearsal = {
    runner_name = module.identities.names["dataform-rehearsal"]
    invokers    = { rehearse = module.identities.members["rehearse"] }
  }
}

module "sheets_sync" {
  source = "../modules/job"

  project_id      = module.project_services.project_id
  region          = var.region
  name            = "sheets-sync"
  command         = ["python", "-m", "sheets_sync"]
  image           = var.images.sheets_sync
  identity        = module.identities.emails["sheets-sync"]
  memory          = var.memory.sheets_sync
  timeout_seconds = 1800
  environment = merge(local.export_places, local.notices, {
    PROJECT_ID = var.project_id
    LOCATION   = var.location
  })
  secrets = merge(
    { for setting, _ in local.notice_secrets : setting => module.notice_secret[setting].name },
    { for export, _ in local.export_secrets : "${upper(export)}_API_KEY" => module.export_secret[export].name },
  )
  updaters = local.updaters
  runners  = { pipeline = { member = module.identities.members["pipeline"], overrides = true } }
  watchers = { pipeline = module.identities.members["pipeline"] }
}

module "report_bucket" {
  source = "../modules/report"

  project_id = module.project_services.project_id
  name       = "${var.project_id}-report"
  location   = var.location
  readers    = local.engineers
  writers    = { report = module.identities.members["report"] }
}

module "report" {
  source = "../modules/job"

  project_id      = module.project_services.project_id
  region          = var.region
  name            = "report"
  command         = ["python", "-m", "report"]
  image           = var.images.report
  identity        = module.identities.emails["report"]
  timeout_seconds = 600
  environment = merge(local.report_mail, {
    PROJECT_ID      = var.project_id
    LOCATION        = var.location
    REPORT_BUCKET   = module.report_bucket.name
    DATAFORM        = "projects/${var.project_id}/locations/${var.region}/repositories/${module.dataform.name}"
    RUNBOOKS        = "docs/runbooks"
    ENDPOINT_TABLES = jsonencode(local.endpoint_tables)
    EXPORT_TABLES   = jsonencode(local.export_tables)
  })
  secrets = {
    for setting, _ in local.notice_secrets : setting => module.notice_secret[setting].name
    if setting == "SMTP_PASSWORD" && local.mails_report
  }
  updaters = local.updaters
  runners  = { pipeline = { member = module.identities.members["pipeline"], overrides = true } }
  watchers = { pipeline = module.identities.members["pipeline"] }
}

module "pipeline" {
  source = "../modules/job"

  project_id      = module.project_services.project_id
  region          = var.region
  name            = "pipeline"
  command         = ["python", "-m", "pipeline"]
  image           = var.images.pipeline
  identity        = module.identities.emails["pipeline"]
  timeout_seconds = 3 * 3600 # longer than the sum of what it waits for
  environment = merge(local.spark_settings, local.task_settings, local.verdict_settings, {
    PROJECT_ID               = var.project_id
    REGION                   = var.region
    BUCKET                   = module.landing.name
    CONNECTOR_ENDPOINTS      = jsonencode(local.endpoint_schedules)
    CONNECTOR_JOB            = module.connector.name
    SHEETS_SYNC_JOB          = module.sheets_sync.name
    REPORT_JOB               = module.report.name
    RESTORE_JOB              = module.restore.name
    WATCHED_RUNS             = tostring(var.watched_runs)
    DATAFORM_REPOSITORY      = module.dataform.name
    DATAFORM_SERVICE_ACCOUNT = module.identities.emails["dataform-runner"]
  })
  updaters = local.updaters
  runners  = { scheduler = { member = module.identities.members["scheduler"], overrides = true } }
  watchers = { # has the run with the lease ended?
    for name in ["pipeline", "restore"] : name => module.identities.members[name]
  }
}

# Runs code that is not approved yet, on clones. A candidate that would write ods or dmt fails by its identity's grants.
module "rehearse" {
  source = "../modules/job"

  project_id      = module.project_services.project_id
  region          = var.region
  name            = "rehearse"
  command         = ["python", "-m", "pipeline.rehearse"]
  image           = var.images.pipeline
  identity        = module.identities.emails["rehearse"]
  timeout_seconds = 3600
  environment = {
    PROJECT_ID                = var.project_id
    REGION                    = var.region
    LOCATION                  = var.location
    DATAFORM_REPOSITORY       = module.dataform.name
    REHEARSAL_SERVICE_ACCOUNT = module.identities.emails["dataform-rehearsal"]
  }
  runners  = { for name, member in local.rehearsers : name => { member = member, overrides = true } }
  updaters = local.updaters
  watchers = local.rehearsers
}

# The only job that delivery may start. Its identity writes ods, dmt and raw, so that no identity of CI has to. A
# rollback that the pipeline starts also restores code and images here.
module "restore" {
  source = "../modules/job"

  project_id      = module.project_services.project_id
  region          = var.region
  name            = "restore"
  command         = ["python", "-m", "pipeline.restore"]
  image           = var.images.pipeline
  identity        = module.identities.emails["restore"]
  timeout_seconds = 3600
  environment = {
    PROJECT_ID = var.project_id
    REGION     = var.region
    LOCATION   = var.location
    BUCKET     = module.landing.name

    DATAFORM_REPOSITORY = module.dataform.name
  }
  # The pipeline starts it for a release that is bad, and nothing else of the kind.
  runners = {
    for name, member in merge(local.deliverers, { pipeline = module.identities.members["pipeline"] }) :
    name => { member = member, overrides = true }
  }
  updaters = local.updaters
  watchers = merge(local.deliverers, {
    for name in ["pipeline", "restore"] : name => module.identities.members[name] # has the run with the lease ended?
  })
}

module "key_rotation" {
  source = "../modules/job"

  project_id      = module.project_services.project_id
  region          = var.region
  name            = "key-rotation"
  command         = ["python", "-m", "connector.key_rotation"]
  image           = var.images.connector
  identity        = module.identities.emails["key-rotation"]
  timeout_seconds = 600
  environment = merge(local.source_urls, {
    PROJECT_ID            = var.project_id
    ROTATION_SUBSCRIPTION = module.rotation.subscription
  })
  updaters = local.updaters
  runners  = { scheduler = { member = module.identities.members["scheduler"] } }
}

locals {
  # Until an image is delivered a job runs Google's sample, which fails: its schedule would raise alerts only.
  jobs   = [module.connector, module.pipeline, module.report, module.sheets_sync]
  paused = var.schedules.paused || !alltrue(local.jobs[*].has_image)
}

module "schedule" {
  source   = "../modules/schedule"
  for_each = local.scheduled_endpoints

  # Outputs with names do not wait for grants, so that modules are created in parallel; a schedule waits for all of
  # them, because its first run would fail.
  depends_on = [
    module.connector, module.dataform, module.landing, module.report, module.report_bucket, module.sheets_sync,
    module.spark, module.warehouse,
  ]

  project_id  = module.project_services.project_id
  region      = var.region
  name        = "pipeline-${each.key}"
  description = "The pipeline's ${each.key} run: ${each.value}, from the source to the spreadsheets."
  job         = module.pipeline.id
  args        = [each.key]
  cron        = var.schedules[each.key]
  time_zone   = var.schedules.time_zone
  paused      = local.paused
  identity    = module.identities.emails["scheduler"]
}

module "key_rotation_schedule" {
  source     = "../modules/schedule"
  depends_on = [module.secret]

  project_id  = module.project_services.project_id
  region      = var.region
  name        = "key-rotation"
  description = "Checks every hour whether a key is due."
  job         = module.key_rotation.id
  cron        = var.schedules.rotation
  time_zone   = var.schedules.time_zone
  paused      = var.schedules.paused || !module.key_rotation.has_image
  identity    = module.identities.emails["scheduler"]
}

module "scheduled_queries" {
  source     = "../modules/scheduled_queries"
  depends_on = [module.warehouse]

  project_id     = module.project_services.project_id
  project_number = module.project_services.number
  location       = var.location
  name           = "scheduled-query-runs"
  paused         = local.paused # the tables that they read are empty before the first run of the pipeline
  queries        = local.scheduled_queries
  identity = {
    email = module.identities.emails["scheduled-queries"]
    name  = module.identities.names["scheduled-queries"]
  }
}

module "alerts" {
  source = "../modules/alerts"

  project_id            = module.project_services.project_id
  region                = var.region
  name                  = "Data platform, ${var.env}"
  labels                = local.labels
  channels              = var.channels
  limits                = var.limits
  key_days              = var.rotation.days
  expects_loads         = !local.paused
  hourly_endpoints      = local.hourly_endpoints
  dataform_repository   = module.dataform.name
  rotation_subscription = split("/", module.rotation.subscription)[3]
}

module "budget" {
  source   = "../modules/budget"
  for_each = { for budget in var.budget[*] : "month" => budget }

  billing_account = module.project_services.billing_account
  project_number  = module.project_services.number
  name            = var.project_id
  amount          = each.value
  channels        = module.alerts.email_channels
}

module "registry" {
  source = "../modules/registry"

  project_id  = module.project_services.project_id
  region      = var.region
  name        = "jobs"
  description = "Images of the jobs, pushed by delivery and run by digest."
  scanned     = var.scan_images
  writers     = local.deliverers
}

module "delivery" {
  source   = "../modules/delivery"
  for_each = { for delivery in var.delivery[*] : "github" => delivery }

  project_id     = module.project_services.project_id
  project_number = module.project_services.number
  name           = "delivery"
  repository_id  = each.value.repository_id
  branch         = each.value.branch
  environment    = var.env

  rehearses_every_branch = !var.protected
  has_networks           = local.uses_spark

  project_roles = ["roles/bigquery.jobUser", "roles/bigquery.resourceViewer"]
  state_bucket  = "${var.project_id}-terraform-state"
  identities = {
    for task in ["plan", "apply", "rehearse"] : task => {
      member = module.identities.members["delivery-${task}"]
      name   = module.identities.names["delivery-${task}"]
    }
  }
}
