# By the project's number: the billing API returns no other form, and would differ at every plan.
resource "google_billing_budget" "budget" {
  billing_account = var.billing_account
  display_name    = var.name

  budget_filter {
    projects               = ["projects/${var.project_number}"]
    calendar_period        = "MONTH"
    credit_types_treatment = "INCLUDE_ALL_CREDITS"
  }

  # The currency must be the billing account's own, which Google fills in if it is not sent.
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

  # A forecast arrives while the cost can still be reduced.
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  # Without channels Google notifies the billing account's administrators.
  dynamic "all_updates_rule" {
    for_each = length(var.channels) == 0 ? [] : [var.channels]

    content {
      monitoring_notification_channels = all_updates_rule.value
      disable_default_iam_recipients   = true
    }
  }
}
