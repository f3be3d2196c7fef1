locals {
  failed   = "${local.executions} AND metric.labels.result=\"failed\""
  pipeline = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"pipeline\""
  # A run of the pipeline logs each new state of a finding once: new, worse or recovered.
  news = join(" AND ", [
    local.pipeline, "jsonPayload.finding:*", "jsonPayload.state=(\"new\" OR \"worse\" OR \"recovered\")",
  ])
  list_executions = "gcloud run jobs executions list --region ${var.region} --job"

  # A metric is above a limit.
  thresholds = {
    job-failed = {
      subject  = "A job failed"
      happened = "An execution of the job $${resource.label.job_name} failed, after its retries."
      look     = "The last lines of the execution's log: `${local.list_executions} $${resource.label.job_name}`"
      filter   = "${local.failed} AND resource.labels.job_name!=\"pipeline\""
      group    = ["resource.label.job_name"]
      above    = 0
      period   = 300
      severity = "ERROR"
    }
    # An execution that ended because another run holds the lease does not count as failed.
    pipeline-failed = {
      subject  = "A run of the pipeline failed"
      happened = "The pipeline ended with an error: its log names each step that failed."
      look     = "The table of steps at the end of its log: `${local.list_executions} pipeline`"
      filter   = "${local.failed} AND resource.labels.job_name=\"pipeline\""
      group    = ["resource.label.job_name"]
      above    = 0
      period   = 300
      severity = "ERROR"
    }
    rotation = {
      subject = "A key that is due was not rotated"
      happened = join(" ", [
        "A notice that a key is due has been waiting for more than ${var.limits.rotation_hours} hours.",
        "The old key still works.",
      ])
      look = "The log of the job key-rotation, and `gcloud pubsub subscriptions describe ${var.rotation_subscription}`"
      filter = join(" AND ", [
        "resource.type=\"pubsub_subscription\"",
        "resource.labels.subscription_id=\"${var.rotation_subscription}\"",
        "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"",
      ])
      aligner  = "ALIGN_MAX"
      above    = var.limits.rotation_hours * 3600
      period   = 300
      severity = "WARNING"
    }
    cost = {
      subject  = "Queries cost more than usual"
      happened = "BigQuery billed more than ${var.limits.gib_a_day} GiB of scanned data within a day."
      look     = "Which identity and which label: `SELECT * FROM ops.costs ORDER BY day DESC, gib_billed DESC`"
      filter   = local.cost
      above    = var.limits.gib_a_day * 1024 * 1024 * 1024
      period   = 86400
      severity = "WARNING"
    }
    # The alerts on orphans and rejects read what is measured: without a measurement they stay silent.
    measurement-failed = {
      subject  = "The tables were not measured"
      happened = "Three runs of the pipeline within six hours could not measure the tables of Dataform."
      look = join(" ", [
        "The WARNING 'could not measure the tables of Dataform' in the log: `${local.list_executions} pipeline`",
      ])
      filter   = "${local.log_metric}/${google_logging_metric.metrics["pipeline/measurement_failed"].name}\""
      above    = 2
      period   = 6 * 3600
      severity = "WARNING"
    }
  }

  # A log line is the event; its facts are part of the notification.
  lines = {
    dataform-failed = {
      subject = "Dataform failed"
      happened = join(" ", [
        "The workflow invocation $${log.extracted_label.invocation} failed: a query or an assertion.",
        "Nothing was published after it.",
      ])
      look = "Its actions: https://console.cloud.google.com/bigquery/dataform?project=${var.project_id}"
      filter = join(" AND ", [
        "resource.type=\"dataform.googleapis.com/Repository\"",
        "resource.labels.repository_id=\"${var.dataform_repository}\"",
        "jsonPayload.@type=\"${local.dataform_log}.WorkflowInvocationCompletionLogEntry\"",
        "jsonPayload.terminalState=\"FAILED\"",
      ])
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
      subject = "A key is too old"
      happened = join(" ", [
        "The secret $${log.extracted_label.secret} has had its value for $${log.extracted_label.days} days;",
        "its period is ${var.key_days} days. It still works.",
      ])
      look = join(" ", [
        "When it was due: `gcloud secrets describe $${log.extracted_label.secret}`;",
        "then the log of the job key-rotation.",
      ])
      filter = join(" AND ", [
        "resource.type=\"cloud_run_job\"",
        "resource.labels.job_name=\"key-rotation\"",
        "jsonPayload.age_days>${var.key_days + var.limits.rotation_hours / 24}",
      ])
      extract  = { secret = "jsonPayload.secret", days = "jsonPayload.age_days" }
      runbook  = "rotation"
      severity = "WARNING"
    }
    # The line of the run that found the release bad. If it cannot be rolled back, the job restore fails as well.
    roll-back = {
      subject  = "A release is rolled back"
      happened = "The run of the pipeline after it found a release bad. $${log.extracted_label.message}"
      look     = "`SELECT release, state, reason FROM ops.releases ORDER BY logged_at DESC`; the log of job restore."
      filter   = "${local.pipeline} AND jsonPayload.watch=\"rollback\""
      extract  = { message = "jsonPayload.message" }
      severity = "ERROR"
    }
    orphans = {
      subject = "Too many sales without their product or customer"
      happened = join(" ", [
        "$${log.extracted_label.percent} percent of the sale lines of a day have a product or a customer that no list",
        "contains; they are not in dmt. State: $${log.extracted_label.state}. The limit is a fraction of",
        "${var.limits.orphan_rate}.", # 100 times it would be 0.99…, because Terraform computes in binary
      ])
      look = join(" ", [
        "What is unknown, and since when: `SELECT reason, DATE(datetime) AS day, COUNT(*)",
        "FROM ods.sales_orphans GROUP BY ALL ORDER BY day DESC`",
      ])
      filter   = "${local.news} AND jsonPayload.finding=\"orphans\""
      extract  = { percent = "jsonPayload.amount", state = "jsonPayload.state" }
      severity = "WARNING"
    }
    quality = {
      subject = "Data are unusual"
      happened = join(" ", [
        "$${log.extracted_label.subject} is outside its usual limits: $${log.extracted_label.amount}.",
        "State: $${log.extracted_label.state}.",
      ])
      look = join(" ", [
        "What was measured: `SELECT * FROM ops.quality_results WHERE level != 'ok'",
        "AND checked_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY) ORDER BY checked_at DESC`",
      ])
      filter = "${local.news} AND jsonPayload.finding=\"quality\""
      extract = {
        subject = "jsonPayload.subject"
        amount  = "jsonPayload.amount"
        state   = "jsonPayload.state"
      }
      severity = "WARNING"
    }
    rejects = {
      subject = "Rows were rejected"
      happened = join(" ", [
        "$${log.extracted_label.rejects} rows of $${log.extracted_label.table} could not be typed;",
        "they are not in ods. State: $${log.extracted_label.state}.",
      ])
      look = join(" ", [
        "The reasons: `SELECT reason, COUNT(*) FROM ods.sales_rejects WHERE file_day >= CURRENT_DATE() - 1",
        "GROUP BY ALL`, and the same for products and customers.",
      ])
      filter = "${local.news} AND jsonPayload.finding=\"rejects\""
      extract = {
        rejects = "jsonPayload.amount"
        table   = "jsonPayload.subject"
        state   = "jsonPayload.state"
      }
      severity = "WARNING"
    }
    # Failed jobs and runs have alerts of their own, which also notice a pipeline that cannot write its log.
    findings = {
      subject = "Something is unusual"
      happened = join(" ", [
        "$${log.extracted_label.state}: $${log.extracted_label.subject} ($${log.extracted_label.kind}),",
        "$${log.extracted_label.amount}.",
      ])
      look = "The page about last night, and what is usual: `SELECT * FROM ops.last_night`"
      filter = join(" AND ", [
        local.news,
        "NOT jsonPayload.finding=(\"orphans\" OR \"quality\" OR \"rejects\" OR \"source\" OR \"step\" OR \"run\")",
      ])
      extract = {
        kind    = "jsonPayload.finding"
        subject = "jsonPayload.subject"
        amount  = "jsonPayload.amount"
        state   = "jsonPayload.state"
      }
      severity = "WARNING"
    }
  }

  # https://cloud.google.com/dataform/docs/monitor-runs
  dataform_log = "type.googleapis.com/google.cloud.dataform.logging.v1"

  # Nothing was measured: a paused schedule, a job that does not start, a source that does not answer.
  no_sales = {
    subject = "No ${join(", ", var.hourly_endpoints)} for ${var.limits.hours_without_sales} hours"
    happened = join(" ", [
      "No load of ${join(", ", var.hourly_endpoints)} has succeeded for ${var.limits.hours_without_sales} hours:",
      "a schedule is paused, a job does not start, or a source does not answer.",
    ])
    look = join(" ", [
      "The schedule: `gcloud scheduler jobs describe pipeline-hourly --location ${var.region}`; the runs:",
      "`SELECT * FROM ops.run_log ORDER BY started_at DESC LIMIT 20`",
    ])
  }
  no_sales_filter = join(" AND ", [
    "${local.log_metric}/${google_logging_metric.metrics["connector/rows"].name}\"",
    length(var.hourly_endpoints) == 1
    ? "metric.labels.endpoint=\"${var.hourly_endpoints[0]}\""
    : "metric.labels.endpoint=one_of(${join(", ", formatlist("\"%s\"", var.hourly_endpoints))})",
    "metric.labels.status=\"success\"",
  ])

  runbooks = distinct(concat(
    keys(local.thresholds), [for name, line in local.lines : try(line.runbook, name)], ["no-sales"],
  ))

  texts = {
    for name, alert in merge(local.thresholds, local.lines, { no-sales = local.no_sales }) : name => join("\n\n", [
      "**What happened.** ${alert.happened}",
      "**Where to look.** ${alert.look}",
      "**Runbook.** ${var.runbooks}/${try(alert.runbook, name)}.md",
    ])
  }
}

resource "google_monitoring_alert_policy" "thresholds" {
  for_each = local.thresholds

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

  # Monitoring rejects a policy on log lines without a rate limit: every line would be a notification.
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

# Disabled while schedules are paused, and without an hourly endpoint: it would be permanently open.
resource "google_monitoring_alert_policy" "no_sales" {
  project               = var.project_id
  display_name          = local.no_sales.subject
  enabled               = var.expects_loads && length(var.hourly_endpoints) > 0
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  user_labels           = merge(var.labels, { component = "alerts" })

  conditions {
    display_name = local.no_sales.subject

    condition_absent {
      filter   = local.no_sales_filter
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
