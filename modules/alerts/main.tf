locals {
  executions = "resource.type=\"cloud_run_job\" AND metric.type=\"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result=\"failed\""
  quality    = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"pipeline\""

  # Something was measured, and is too much.
  thresholds = {
    job-failed = {
      subject  = "A job failed"
      happened = "An execution of the job $${resource.label.job_name} ended with an error, after its retries."
      look     = "The last lines of the execution's log: `gcloud run jobs executions list --job $${resource.label.job_name} --region ${var.region}`"
      filter   = "${local.executions} AND resource.labels.job_name!=\"pipeline\""
      group    = ["resource.label.job_name"]
      above    = 0
      period   = 300
      severity = "ERROR"
    }
    pipeline-failed = {
      subject  = "A run of the pipeline failed"
      happened = "The pipeline ended with an error: it names each step that failed. A run that found another one going is no failure."
      look     = "The table of steps at the end of its log: `gcloud run jobs executions list --job pipeline --region ${var.region}`"
      filter   = "${local.executions} AND resource.labels.job_name=\"pipeline\""
      group    = ["resource.label.job_name"]
      above    = 0
      period   = 300
      severity = "ERROR"
    }
    rotation = {
      subject  = "A key that is due was not rotated"
      happened = "A notice that a key is due has been waiting for more than ${var.limits.rotation_hours} hours. The old key goes on working."
      look     = "The log of the job key-rotation, and `gcloud pubsub subscriptions describe ${var.rotation_subscription}`"
      filter   = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${var.rotation_subscription}\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      aligner  = "ALIGN_MAX"
      above    = var.limits.rotation_hours * 3600
      period   = 300
      severity = "WARNING"
    }
    cost = {
      subject  = "Queries cost more than usual"
      happened = "BigQuery billed more than ${var.limits.gib_a_day} GiB of scanned data within a day."
      look     = "Which identity and which label: `SELECT * FROM ops.costs ORDER BY day DESC, gib_billed DESC`"
      filter   = "resource.type=\"bigquery_project\" AND metric.type=\"bigquery.googleapis.com/query/statement_scanned_bytes_billed\""
      above    = var.limits.gib_a_day * 1024 * 1024 * 1024
      period   = 86400
      severity = "WARNING"
    }
  }

  # A line of a log says it; its numbers come with the notice.
  lines = {
    dataform-failed = {
      subject  = "Dataform failed"
      happened = "The workflow invocation $${log.extracted_label.invocation} failed: a query or an assertion. Nothing was published after it."
      look     = "The actions of the invocation: https://console.cloud.google.com/bigquery/dataform?project=${var.project_id}"
      filter   = "resource.type=\"dataform.googleapis.com/Repository\" AND resource.labels.repository_id=\"${var.dataform_repository}\" AND jsonPayload.@type=\"type.googleapis.com/google.cloud.dataform.logging.v1.WorkflowInvocationCompletionLogEntry\" AND jsonPayload.terminalState=\"FAILED\""
      extract  = { invocation = "jsonPayload.workflowInvocationId" }
      severity = "ERROR"
    }
    scheduled-query-failed = {
      subject  = "A scheduled query failed"
      happened = "The scheduled query with the id $${log.extracted_label.query} failed."
      look     = "Its runs: https://console.cloud.google.com/bigquery/scheduled-queries?project=${var.project_id}"
      filter   = "resource.type=\"bigquery_dts_config\" AND severity>=ERROR"
      extract  = { query = "resource.labels.config_id" }
      severity = "ERROR"
    }
    key-age = {
      subject  = "A key is older than it may be"
      happened = "The secret $${log.extracted_label.secret} has had its value for $${log.extracted_label.days} days, and ${var.key_days} are its period. It goes on working."
      look     = "When it was due: `gcloud secrets describe $${log.extracted_label.secret}`; then the log of the job key-rotation."
      filter   = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"key-rotation\" AND jsonPayload.age_days>${var.key_days + var.limits.rotation_hours / 24}"
      extract  = { secret = "jsonPayload.secret", days = "jsonPayload.age_days" }
      runbook  = "rotation"
      severity = "WARNING"
    }
    orphans = {
      subject  = "Too many sales without their product or customer"
      happened = "A part of $${log.extracted_label.rate} of the sale lines ($${log.extracted_label.orphans} lines) has a product or a customer that no list names; they are not in dmt. The limit is ${var.limits.orphan_rate}."
      look     = "What is unknown, and since when: `SELECT reason, DATE(datetime) AS day, COUNT(*) FROM ods.sales_orphans GROUP BY ALL ORDER BY day DESC`"
      filter   = "${local.quality} AND jsonPayload.orphan_rate>${var.limits.orphan_rate}"
      extract  = { rate = "jsonPayload.orphan_rate", orphans = "jsonPayload.orphans" }
      severity = "WARNING"
    }
    rejects = {
      subject  = "Rows were rejected"
      happened = "$${log.extracted_label.rejects} rows of today's and yesterday's files could not be typed; they are not in ods."
      look     = "The reasons: `SELECT reason, COUNT(*) FROM ods.sales_rejects WHERE file_day >= CURRENT_DATE() - 1 GROUP BY ALL`, and so for products and customers."
      filter   = "${local.quality} AND jsonPayload.rejects>${var.limits.rejects}"
      extract  = { rejects = "jsonPayload.rejects" }
      severity = "WARNING"
    }
  }

  # Nothing was measured, and should have been.
  no_sales = {
    subject  = "No sales for ${var.limits.hours_without_sales} hours"
    happened = "No load of sales has ended well for ${var.limits.hours_without_sales} hours, whatever the reason: a schedule that is paused, a job that does not start, a source that does not answer."
    look     = "The schedule, then the pipeline's last runs: `gcloud scheduler jobs describe pipeline-hourly --location ${var.region}`, `SELECT * FROM ops.run_log WHERE endpoint = 'sales' ORDER BY started_at DESC LIMIT 5`"
  }

  runbooks = distinct(concat(keys(local.thresholds), [for name, line in local.lines : try(line.runbook, name)], ["no-sales"]))

  texts = {
    for name, alert in merge(local.thresholds, local.lines, { no-sales = local.no_sales }) : name => join("\n\n", [
      "**What happened.** ${alert.happened}",
      "**Where to look.** ${alert.look}",
      "**Runbook.** ${var.runbooks}/${try(alert.runbook, name)}.md",
    ])
  }
}

resource "google_monitoring_alert_policy" "thresholds" {
  for_each   = local.thresholds
  depends_on = [google_logging_metric.metrics]

  project               = var.project_id
  display_name          = each.value.subject
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = merge(var.labels, { component = "alerts" })

  conditions {
    display_name = each.value.subject

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "0s"

      aggregations {
        alignment_period     = "${each.value.period}s"
        per_series_aligner   = try(each.value.aligner, "ALIGN_DELTA")
        cross_series_reducer = try(each.value.aligner, "") == "ALIGN_MAX" ? "REDUCE_MAX" : "REDUCE_SUM"
        group_by_fields      = try(each.value.group, [])
      }
    }
  }

  documentation {
    subject   = each.value.subject
    content   = local.texts[each.key]
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "lines" {
  for_each = local.lines

  project               = var.project_id
  display_name          = each.value.subject
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = merge(var.labels, { component = "alerts" })

  conditions {
    display_name = each.value.subject

    condition_matched_log {
      filter           = each.value.filter
      label_extractors = { for label, field in each.value.extract : label => "EXTRACT(${field})" }
    }
  }

  # Without it every line would be a notice: Monitoring refuses a policy on log lines that has none.
  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    subject   = each.value.subject
    content   = local.texts[each.key]
    mime_type = "text/markdown"
  }
}

# Only where somebody expects loads: schedules that are paused on purpose would make it speak for ever.
resource "google_monitoring_alert_policy" "no_sales" {
  depends_on = [google_logging_metric.metrics]

  project               = var.project_id
  display_name          = local.no_sales.subject
  enabled               = var.expects_loads
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  user_labels           = merge(var.labels, { component = "alerts" })

  conditions {
    display_name = local.no_sales.subject

    condition_absent {
      filter   = "resource.type=\"cloud_run_job\" AND metric.type=\"logging.googleapis.com/user/connector/rows\" AND metric.labels.endpoint=\"sales\" AND metric.labels.status=\"success\""
      duration = "${var.limits.hours_without_sales * 3600}s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    subject   = local.no_sales.subject
    content   = local.texts["no-sales"]
    mime_type = "text/markdown"
  }
}
