locals {
  datasets = {
    raw        = "What the sources said, as received and append only. Written by the connector."
    ods        = "Typed, deduplicated, one row a thing. Made by Dataform from raw."
    dmt        = "The marts: what analysts query, and the only dataset they can read. Made by Dataform from ods."
    ops        = "Logs of the jobs: what was copied, loaded and published, and when."
    assertions = "Rows that break an assertion of the models. Made by Dataform."
    snapshots  = "Tables of ods as they were on a day, table_YYYYMMDD; each expires after ${var.snapshot_days} days."
    staging    = "Landing tables of load jobs on their way to raw; each expires after a day."
  }

  # The tables that Terraform owns; those of ods, dmt and assertions are Dataform's.
  tables = merge(
    { for name, table in var.raw_tables : "raw.${name}" => merge(table, { dataset = "raw", name = name, partition = "SYS_DATE_CREATE", key = [] }) },
    { for name, table in local.ops_tables : "ops.${name}" => merge(table, { dataset = "ops", name = name }) },
  )

  # What is made again anyway is kept for the shortest time that BigQuery allows, everything else for the longest.
  expiration_days = { snapshots = var.snapshot_days, staging = 1 }
  storage = {
    for name, _ in local.datasets : name => {
      time_travel_hours = coalesce(try(var.storage[name].time_travel_hours, null), contains(keys(local.expiration_days), name) ? 48 : 168)
      billing_model     = try(var.storage[name].billing_model, "LOGICAL")
    }
  }

  grants = merge([
    for role, datasets in { "roles/bigquery.dataEditor" = var.editors, "roles/bigquery.dataViewer" = var.readers, "roles/bigquery.metadataViewer" = var.watchers } : merge([
      for dataset, members in datasets : {
        for key, member in members : "${dataset}/${trimprefix(role, "roles/bigquery.")}/${key}" => { dataset = dataset, role = role, member = member }
      }
    ]...)
  ]...)
}

resource "google_bigquery_dataset" "datasets" {
  #checkov:skip=CKV_GCP_81:Google encrypts at rest; a key of one's own is one more thing to lose the data with, and no rule here asks for it
  for_each = local.datasets

  project                     = var.project_id
  dataset_id                  = each.key
  location                    = var.location
  description                 = each.value
  labels                      = { layer = each.key }
  max_time_travel_hours       = local.storage[each.key].time_travel_hours
  storage_billing_model       = local.storage[each.key].billing_model
  default_table_expiration_ms = lookup(local.expiration_days, each.key, null) == null ? null : local.expiration_days[each.key] * 24 * 3600 * 1000
  delete_contents_on_destroy  = !var.protected
}

resource "google_bigquery_table" "tables" {
  #checkov:skip=CKV_GCP_80:Google encrypts at rest; a key of one's own is one more thing to lose the data with, and no rule here asks for it
  for_each = local.tables

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.datasets[each.value.dataset].dataset_id
  table_id            = each.value.name
  description         = each.value.description
  schema              = jsonencode(jsondecode(each.value.schema)) # the same text however the file is laid out
  clustering          = each.value.clustering
  labels              = { layer = each.value.dataset }
  deletion_protection = var.protected

  time_partitioning {
    type  = "DAY"
    field = each.value.partition
  }

  # Not enforced: BigQuery believes it, and joins by it. So only what the writer keeps true stands here, and raw, which
  # holds every version of a row, has none.
  dynamic "table_constraints" {
    for_each = length(each.value.key) == 0 ? [] : [each.value.key]

    content {
      primary_key {
        columns = table_constraints.value
      }
    }
  }
}

# On datasets, never on tables: a table that is replaced loses its own grants without a word.
resource "google_bigquery_dataset_iam_member" "grants" {
  for_each = local.grants

  project    = var.project_id
  dataset_id = google_bigquery_dataset.datasets[each.value.dataset].dataset_id
  role       = each.value.role
  member     = each.value.member
}

# To run a query is granted on the project; which data it may see, on the datasets above.
resource "google_project_iam_member" "job_users" {
  for_each = var.job_users

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = each.value
}

# INFORMATION_SCHEMA.JOBS shows only one's own jobs to those who are not given this.
resource "google_project_iam_member" "job_viewers" {
  for_each = var.job_viewers

  project = var.project_id
  role    = "roles/bigquery.resourceViewer"
  member  = each.value
}
