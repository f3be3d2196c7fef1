locals {
  # Facts in the log lines of the jobs. A metric without a field counts its lines.
  metrics = {
    "connector/rows" = {
      description = "Rows that a load added to raw."
      unit        = "{row}"
      filter      = "resource.labels.job_name=\"connector\" AND jsonPayload.message=\"run finished\""
      field       = "rows"
      labels = {
        endpoint = "The endpoint that was copied."
        status   = "The status of the run: success, partial or incomplete."
      }
    }
    "pipeline/seconds" = {
      description = "Duration of a step of the pipeline."
      unit        = "s"
      filter      = "resource.labels.job_name=\"pipeline\" AND jsonPayload.step:*"
      field       = "seconds"
      labels = {
        step  = "The step, for example dataform."
        state = "The end of the step: succeeded, failed or not run."
      }
    }
    "pipeline/orphan_rate" = {
      description = "Worst day that a run wrote: fraction of sale lines with an unknown product or customer."
      unit        = "1"
      filter      = "resource.labels.job_name=\"pipeline\" AND jsonPayload.orphan_rate:*"
      field       = "orphan_rate"
      labels      = {}
    }
    "pipeline/age_minutes" = {
      description = "Age of the newest sales in ods."
      unit        = "min"
      filter      = "resource.labels.job_name=\"pipeline\" AND jsonPayload.age_minutes:*"
      field       = "age_minutes"
      labels      = {}
    }
    "pipeline/measurement_failed" = {
      description = "Runs that could not measure the tables: orphans, rejects and age are unknown after them."
      unit        = "1"
      filter      = "resource.labels.job_name=\"pipeline\" AND jsonPayload.measurement=\"failed\""
      field       = null
      labels      = {}
    }
  }
}

resource "google_logging_metric" "metrics" {
  for_each = local.metrics

  project          = var.project_id
  name             = each.key
  description      = each.value.description
  filter           = "resource.type=\"cloud_run_job\" AND ${each.value.filter}"
  value_extractor  = each.value.field == null ? null : "EXTRACT(jsonPayload.${each.value.field})"
  label_extractors = { for label, _ in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = each.value.field == null ? "INT64" : "DISTRIBUTION"
    unit         = each.value.unit
    display_name = each.key

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key         = labels.key
        value_type  = "STRING"
        description = labels.value
      }
    }
  }
}
