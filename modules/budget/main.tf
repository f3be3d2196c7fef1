# By the project's number: the billing service answers nothing else, and would differ at every plan.
resource "google_billing_budget" "budget" {
  billing_account = var.billing_account
  display_name    = var.name

  budget_filter {
    projects               = ["projects/${var.project_number}"]
    calendar_period        = "MONTH"
    credit_types_treatment = "INCLUDE_ALL_CREDITS"
  }

  amount {
    specified_amount {
      currency_code = var.amount.currency
      units         = tostring(var.amount.units)
    }
  }

  dynamic "threshold_rules" {
    for_each = var.thresholds

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  # Said while there is still something to be done about it.
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  # Without channels the billing account's own administrators are told, which is Google's default.
  dynamic "all_updates_rule" {
    for_each = length(var.channels) == 0 ? [] : [var.channels]

    content {
      monitoring_notification_channels = all_updates_rule.value
      disable_default_iam_recipients   = true
    }
  }
}
