locals {
  # Numbers in the lines that jobs print; connector/report.py and pipeline/report.py write them.
  metrics = {
    "connector/rows" = {
      description = "Rows that a load brought into raw."
      unit        = "{row}"
      filter      = "resource.labels.job_name=\"connector\" AND jsonPayload.message=\"has ended\""
      field       = "rows"
      labels      = { endpoint = "What was copied.", status = "How it ended: success, partial or incomplete." }
    }
    "pipeline/seconds" = {
      description = "How long a step of the pipeline took."
      unit        = "s"
      filter      = "resource.labels.job_name=\"pipeline\" AND jsonPayload.step:*"
      field       = "seconds"
      labels      = { step = "The step, such as dataform.", state = "How it ended: succeeded, failed or not run." }
    }
    "pipeline/orphan_rate" = {
      description = "Part of the sale lines whose product or customer is unknown."
      unit        = "1"
      filter      = "resource.labels.job_name=\"pipeline\" AND jsonPayload.orphan_rate:*"
      field       = "orphan_rate"
      labels      = {}
    }
    "pipeline/age_minutes" = {
      description = "How long ago the newest sales of ods were loaded."
      unit        = "min"
      filter      = "resource.labels.job_name=\"pipeline\" AND jsonPayload.age_minutes:*"
      field       = "age_minutes"
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
  value_extractor  = "EXTRACT(jsonPayload.${each.value.field})"
  label_extractors = { for label, _ in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "DISTRIBUTION"
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
