locals {
  # What each view of views/ is; the order is that of their references.
  view_descriptions = {
    measures   = "Each measured value of the last two days beside the usual one: median and deviation of 28 days."
    last_night = "What is wrong with the data or was until last night: one row a finding. The only place of a verdict."
    verdict    = "The verdict of last_night as a sheet shows it: one row that states it, then one row a finding."
  }

  views = {
    for name, description in local.view_descriptions : name => {
      description = description
      query = templatefile("${path.module}/views/${name}.sql", {
        project     = var.project_id
        orphan_rate = var.limits.orphan_rate
        rejects     = var.limits.rejects
        endpoints = join(", ", [
          for endpoint, table in var.endpoint_tables : "('${endpoint}', '${trimprefix(table, "raw.")}')"
        ])
      })
    }
  }
}

# Of Terraform and not of Dataform (docs/adr/0014): the verdict must not depend on what it judges.
resource "google_bigquery_table" "measures" {
  #checkov:skip=CKV_GCP_80:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  project             = var.project_id
  dataset_id          = google_bigquery_dataset.datasets["ops"].dataset_id
  table_id            = "measures"
  description         = local.views.measures.description
  labels              = { layer = "ops" }
  deletion_protection = var.protected

  view {
    query          = local.views.measures.query
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.tables]
}

resource "google_bigquery_table" "last_night" {
  #checkov:skip=CKV_GCP_80:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  project             = var.project_id
  dataset_id          = google_bigquery_dataset.datasets["ops"].dataset_id
  table_id            = "last_night"
  description         = local.views.last_night.description
  labels              = { layer = "ops" }
  deletion_protection = var.protected

  view {
    query          = local.views.last_night.query
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.measures]
}

resource "google_bigquery_table" "verdict" {
  #checkov:skip=CKV_GCP_80:encrypted by Google; docs/adr/0011 explains why there is no key of our own
  project             = var.project_id
  dataset_id          = google_bigquery_dataset.datasets["ops"].dataset_id
  table_id            = "verdict"
  description         = local.views.verdict.description
  labels              = { layer = "ops" }
  deletion_protection = var.protected

  view {
    query          = local.views.verdict.query
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.last_night]
}
