mock_provider "google" {}

variables {
  project_id            = "retail-test"
  region                = "europe-west1"
  name                  = "Data platform, test"
  labels                = { environment = "test" }
  dataform_repository   = "warehouse"
  rotation_subscription = "secret-rotation"
  key_days              = 90
}

run "each_alert_has_what_where_and_a_runbook" {
  command = plan

  assert {
    condition = (
      output.runbooks
      == tolist([
        "cost", "dataform-failed", "findings", "job-failed", "measurement-failed", "no-sales", "orphans",
        "pipeline-failed", "quality", "rejects", "roll-back", "rotation", "scheduled-query-failed",
      ])
    )
    error_message = "Every failure has an alert."
  }

  assert {
    condition = alltrue([
      for name, policy in merge(
        google_monitoring_alert_policy.thresholds, google_monitoring_alert_policy.lines,
        { no-sales = google_monitoring_alert_policy.no_sales },
      ) :
      can(regex(
        join("\n\n", [
          "^\\*\\*What happened\\.\\*\\* .+",
          "\\*\\*Where to look\\.\\*\\* .+",
          "\\*\\*Runbook\\.\\*\\* docs/runbooks/${name == "key-age" ? "rotation" : name}\\.md$",
        ]),
        policy.documentation[0].content,
      ))
    ])
    error_message = "The text of an alert has what happened, where to look and a runbook."
  }

  assert {
    condition = (
      alltrue([
        for policy in merge(google_monitoring_alert_policy.thresholds, google_monitoring_alert_policy.lines) :
        policy.user_labels == tomap({ environment = "test", component = "alerts" })
      ])
    )
    error_message = "Policies have the labels of every resource."
  }
}

run "two_hours_without_sales" {
  command = plan

  assert {
    condition = (
      google_monitoring_alert_policy.no_sales.conditions[0].condition_absent[0].duration == "7200s"
      && google_monitoring_alert_policy.no_sales.enabled
    )
    error_message = "Two hours without a successful load are an alert."
  }

  assert {
    condition = (
      strcontains(
        google_monitoring_alert_policy.no_sales.conditions[0].condition_absent[0].filter,
        "metric.labels.endpoint=\"sales\" AND metric.labels.status=\"success\"",
      )
    )
    error_message = "Only a successful load of sales counts."
  }
}

run "paused_schedules_disable_the_alert_on_missing_loads" {
  command = plan

  variables {
    expects_loads = false
  }

  assert {
    condition = (
      !google_monitoring_alert_policy.no_sales.enabled
      && alltrue([for policy in google_monitoring_alert_policy.lines : coalesce(policy.enabled, true)])
    )
    error_message = "Only the absence is not an alert; a failure still is."
  }
}

run "limits_reach_their_conditions" {
  command = plan

  variables {
    limits = { orphan_rate = 0.05, rejects = 10, gib_a_day = 2, rotation_hours = 6 }
  }

  assert {
    condition = (
      endswith(
        google_monitoring_alert_policy.lines["orphans"].conditions[0].condition_matched_log[0].filter,
        "AND jsonPayload.finding=\"orphans\"",
      )
      && endswith(
        google_monitoring_alert_policy.lines["rejects"].conditions[0].condition_matched_log[0].filter,
        "AND jsonPayload.finding=\"rejects\"",
      )
    )
    error_message = "The limits are in ops.last_night; the alert reads its findings."
  }

  assert {
    condition = (
      google_monitoring_alert_policy.thresholds["cost"].conditions[0].condition_threshold[0].threshold_value
      == 2147483648
      && google_monitoring_alert_policy.thresholds["rotation"].conditions[0].condition_threshold[0].threshold_value
      == 21600
    )
    error_message = "Monitoring counts bytes and seconds."
  }

  assert {
    condition = (
      endswith(
        google_monitoring_alert_policy.lines["key-age"].conditions[0].condition_matched_log[0].filter,
        "jsonPayload.age_days>90.25",
      )
    )
    error_message = "A key is too old after its period and the time that a notice may wait."
  }

  assert {
    condition = (
      alltrue([
        for policy in google_monitoring_alert_policy.lines :
        policy.alert_strategy[0].notification_rate_limit[0].period == "3600s"
      ])
    )
    error_message = "Monitoring rejects a policy on log lines without a rate limit."
  }
}

run "channels_by_type" {
  command = plan

  variables {
    channels = {
      engineers = { address = "data-engineers@example.com" }
      room      = { type = "google_chat", address = "spaces/AAAA" }
    }
  }

  assert {
    condition = (
      google_monitoring_notification_channel.channels["engineers"].labels
      == tomap({ email_address = "data-engineers@example.com" })
      && google_monitoring_notification_channel.channels["room"].labels == tomap({ space = "spaces/AAAA" })
    )
    error_message = "Each type has its address under its own label."
  }
}

run "a_failed_measurement_is_counted" {
  command = plan

  assert {
    condition = (
      google_logging_metric.metrics["pipeline/measurement_failed"].metric_descriptor[0].value_type == "INT64"
    )
    error_message = "A metric without a field counts log lines."
  }

  assert {
    condition = (
      [
        for condition in google_monitoring_alert_policy.thresholds["measurement-failed"].conditions :
        condition.condition_threshold[0].threshold_value
      ]
    ) == [2]
    error_message = "Three failures within six hours are an alert, one is not."
  }
}

run "only_email_channels_for_the_budget" {
  command = apply

  variables {
    channels = {
      engineers = { address = "data-engineers@example.com" }
      room      = { type = "google_chat", address = "spaces/AAAA" }
    }
  }

  assert {
    condition     = length(output.channels) == 2 && length(output.email_channels) == 1
    error_message = "The Budgets API rejects channels of other types."
  }
}

run "six_tiles_in_order" {
  command = plan

  assert {
    condition = (
      [
        for tile in jsondecode(google_monitoring_dashboard.dashboard.dashboard_json).mosaicLayout.tiles :
        split(":", tile.widget.title)[0]
      ]
      == ["Volume", "Freshness", "Duration", "Success rate", "Orphans", "Cost"]
    )
    error_message = "The dashboard shows volume, freshness, duration, success rate, orphans and cost."
  }
}

run "a_channel_without_an_address" {
  command = plan

  variables {
    channels = { engineers = { address = " " } }
  }

  expect_failures = [var.channels]
}

run "a_channel_that_needs_a_token" {
  command = plan

  variables {
    channels = { room = { type = "slack", address = "#alerts" } }
  }

  expect_failures = [var.channels]
}

run "a_percentage_for_a_fraction" {
  command = plan

  variables {
    limits = { orphan_rate = 5 }
  }

  expect_failures = [var.limits]
}

run "an_absence_longer_than_monitoring_allows" {
  command = plan

  variables {
    limits = { hours_without_sales = 24 }
  }

  expect_failures = [var.limits]
}

run "a_limit_beyond_the_retention_of_notices" {
  command = plan

  variables {
    limits = { rotation_hours = 200 }
  }

  expect_failures = [var.limits]
}

run "limits_of_zero" {
  command = plan

  variables {
    limits = { gib_a_day = 0 }
  }

  expect_failures = [var.limits]
}

run "a_folder_with_a_slash_at_its_end" {
  command = plan

  variables {
    runbooks = "docs/runbooks/"
  }

  expect_failures = [var.runbooks]
}
