locals {
  datasets = {
    raw        = "Rows as the sources returned them, append only. Written by the connector."
    ods        = "Operational data store: typed, deduplicated, one row per entity. Built by Dataform from raw."
    dmt        = "Data marts: what analysts query. Built by Dataform from ods."
    ops        = "Logs of the jobs: what was copied, loaded and published, and when."
    assertions = "Rows that violate an assertion of the models. Written by Dataform."
    snapshots  = "Daily copies of tables of ods, table_YYYYMMDD; each expires after ${var.snapshot_days} days."
    staging    = "Landing tables of load jobs on their way to raw; each expires after a day."

    ods_rehearsal        = "Clones of ods in which a candidate runs; dropped at its end, at the latest after a day."
    dmt_rehearsal        = "Clones of dmt in which a candidate runs; dropped at its end, at the latest after a day."
    assertions_rehearsal = "Rows that violate an assertion of a candidate; dropped at its end."
  }

  # The tables that Terraform owns; Dataform owns those of ods, dmt and assertions.
  tables = merge(
    {
      for name, table in var.raw_tables : "raw.${name}" => merge(table, {
        dataset = "raw", name = name, partition = "SYS_DATE_CREATE", key = [], days = var.retention_days.raw
      })
    },
    {
      for name, table in local.ops_tables : "ops.${name}" => merge(table, {
        dataset = "ops", name = name, days = var.retention_days.ops
      })
    },
  )

  # Datasets whose tables expire can be rebuilt: they keep the shortest time travel that BigQuery allows.
  expiration_days = {
    snapshots            = var.snapshot_days
    staging              = 1
    ods_rehearsal        = 1
    dmt_rehearsal        = 1
    assertions_rehearsal = 1
  }
  settings = {
    for name, description in local.datasets : name => {
      description       = description
      expiration_ms     = try(local.expiration_days[name] * 24 * 3600 * 1000, null)
      default_hours     = can(local.expiration_days[name]) ? 48 : 168
      time_travel_hours = try(var.storage[name].time_travel_hours, null)
      billing_model     = try(var.storage[name].billing_model, "LOGICAL")
    }
  }

  # BigQuery stores dataEditor and dataViewer under these basic names and would show a difference otherwise.
  dataset_roles = { WRITER = var.editors, READER = var.readers, "roles/bigquery.metadataViewer" = var.watchers }
  access = {
    for dataset, _ in local.datasets : dataset => flatten([
      for role, datasets in local.dataset_roles : [
        for member in values(lookup(datasets, dataset, {})) : {
          role  = role
          user  = startswith(member, "group:") ? null : split(":", member)[1]
          group = startswith(member, "group:") ? split(":", member)[1] : null
        }
      ]
    ])
  }
}

# Access is written out, not added: without it BigQuery lets every Viewer of the project read a new dataset
# (https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset.FIELDS.access), and drift in it
# would not be noticed. Project owners stay, so that a dataset always has an owner.
resource "google_bigquery_dataset" "datasets" {
  #checkov:skip=CKV_GCP_81:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  for_each = { for name, settings in local.settings : name => settings if !can(var.authorized_datasets[name]) }

  project                     = var.project_id
  dataset_id                  = each.key
  location                    = var.location
  description                 = each.value.description
  labels                      = { layer = each.key }
  max_time_travel_hours       = coalesce(each.value.time_travel_hours, each.value.default_hours)
  storage_billing_model       = each.value.billing_model
  default_table_expiration_ms = each.value.expiration_ms
  delete_contents_on_destroy  = !var.protected
  deletion_policy             = var.protected ? "PREVENT" : "DELETE"

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "access" {
    for_each = local.access[each.key]

    content {
      role           = access.value.role
      user_by_email  = access.value.user
      group_by_email = access.value.group
    }
  }
}

# Views of the authorized datasets read these on behalf of their readers, who cannot read them otherwise:
# https://cloud.google.com/bigquery/docs/authorized-datasets. Separate, because the others must exist first.
resource "google_bigquery_dataset" "authorizing" {
  #checkov:skip=CKV_GCP_81:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  for_each = { for name, settings in local.settings : name => settings if can(var.authorized_datasets[name]) }

  project                     = var.project_id
  dataset_id                  = each.key
  location                    = var.location
  description                 = each.value.description
  labels                      = { layer = each.key }
  max_time_travel_hours       = coalesce(each.value.time_travel_hours, each.value.default_hours)
  storage_billing_model       = each.value.billing_model
  default_table_expiration_ms = each.value.expiration_ms
  delete_contents_on_destroy  = !var.protected
  deletion_policy             = var.protected ? "PREVENT" : "DELETE"

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "access" {
    for_each = local.access[each.key]

    content {
      role           = access.value.role
      user_by_email  = access.value.user
      group_by_email = access.value.group
    }
  }

  dynamic "access" {
    for_each = var.authorized_datasets[each.key]

    content {
      dataset {
        dataset {
          project_id = var.project_id
          dataset_id = google_bigquery_dataset.datasets[access.value].dataset_id
        }
        target_types = ["VIEWS"]
      }
    }
  }
}

resource "google_bigquery_table" "tables" {
  #checkov:skip=CKV_GCP_80:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  for_each = local.tables

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.datasets[each.value.dataset].dataset_id
  table_id            = each.value.name
  description         = each.value.description
  schema              = jsonencode(jsondecode(each.value.schema)) # independent of the file's layout
  clustering          = each.value.clustering
  labels              = { layer = each.value.dataset }
  deletion_protection = var.protected

  time_partitioning {
    type          = "DAY"
    field         = each.value.partition
    expiration_ms = try(each.value.days * 24 * 3600 * 1000, null)
  }

  # BigQuery does not enforce a key and still plans joins by it: declare only what the writer guarantees. raw
  # has every version of a row, so its tables have no key.
  dynamic "table_constraints" {
    for_each = length(each.value.key) == 0 ? [] : [each.value.key]

    content {
      primary_key {
        columns = table_constraints.value
      }
    }
  }
}

# For a member that writes one table and may not read the others of its dataset.
resource "google_bigquery_table_iam_member" "editors" {
  for_each = {
    for grant in flatten([
      for table, members in var.table_editors : [
        for name, member in members : { table = table, name = name, member = member }
      ]
    ]) : "${grant.table} ${grant.name}" => grant
  }

  project    = var.project_id
  dataset_id = google_bigquery_table.tables[each.value.table].dataset_id
  table_id   = google_bigquery_table.tables[each.value.table].table_id
  role       = "roles/bigquery.dataEditor"
  member     = each.value.member
}

resource "google_bigquery_table_iam_member" "readers" {
  for_each = {
    for grant in flatten([
      for table, members in var.table_readers : [
        for name, member in members : { table = table, name = name, member = member }
      ]
    ]) : "${grant.table} ${grant.name}" => grant
  }

  project    = var.project_id
  dataset_id = google_bigquery_table.tables[each.value.table].dataset_id
  table_id   = google_bigquery_table.tables[each.value.table].table_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value.member
}

# Permission to run a query is granted on the project; access to data only on the datasets above.
resource "google_project_iam_member" "job_users" {
  for_each = var.job_users

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = each.value
}

# Without this role INFORMATION_SCHEMA.JOBS shows only the caller's own jobs.
resource "google_project_iam_member" "job_viewers" {
  for_each = var.job_viewers

  project = var.project_id
  role    = "roles/bigquery.resourceViewer"
  member  = each.value
}
