locals {
  datasets = {
    raw        = "What the sources said, as received and append only. Written by the connector."
    ods        = "Typed, deduplicated, one row a thing. Made by Dataform from raw."
    dmt        = "The marts: what analysts query, and the only dataset they can read. Made by Dataform from ods."
    ops        = "Logs of the jobs: what was copied, loaded and published, and when."
    assertions = "Rows that break an assertion of the models. Made by Dataform."
    staging    = "Landing tables of load jobs on their way to raw; each expires after a day."
  }

  # The tables that Terraform owns; those of ods, dmt and assertions are Dataform's.
  tables = merge(
    { for name, table in var.raw_tables : "raw.${name}" => merge(table, { dataset = "raw", name = name, partition = "SYS_DATE_CREATE" }) },
    { for name, table in local.ops_tables : "ops.${name}" => merge(table, { dataset = "ops", name = name }) },
  )

  grants = merge([
    for role, datasets in { "roles/bigquery.dataEditor" = var.editors, "roles/bigquery.dataViewer" = var.readers } : merge([
      for dataset, members in datasets : {
        for key, member in members : "${dataset}/${trimprefix(role, "roles/bigquery.")}/${key}" => { dataset = dataset, role = role, member = member }
      }
    ]...)
  ]...)
}

resource "google_bigquery_dataset" "datasets" {
  for_each = local.datasets

  project                     = var.project_id
  dataset_id                  = each.key
  location                    = var.location
  description                 = each.value
  labels                      = { layer = each.key }
  max_time_travel_hours       = 168
  default_table_expiration_ms = each.key == "staging" ? 24 * 3600 * 1000 : null
  delete_contents_on_destroy  = !var.protected
}

resource "google_bigquery_table" "tables" {
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
