mock_provider "google" {}

variables {
  billing_account = "012345-6789AB-CDEF01"
  project_number  = "123456789012"
  name            = "retail-test"
  amount          = { units = 200 }
}

run "a_month_of_this_project" {
  command = plan

  assert {
    condition = (
      google_billing_budget.budget.budget_filter[0].projects == toset(["projects/123456789012"])
      && google_billing_budget.budget.budget_filter[0].calendar_period == "MONTH"
    )
    error_message = "The budget counts only this project, month by month."
  }

  assert {
    condition     = google_billing_budget.budget.amount[0].specified_amount[0].units == "200"
    error_message = "The amount is sent as given."
  }

  assert {
    condition = (
      { for rule in google_billing_budget.budget.threshold_rules : rule.spend_basis => rule.threshold_percent... }
      == { CURRENT_SPEND = [0.5, 0.9, 1], FORECASTED_SPEND = [1] }
    )
    error_message = "Notifications at 50 %, 90 % and 100 %, and when 100 % is forecast."
  }

  assert {
    condition     = length(google_billing_budget.budget.all_updates_rule) == 0
    error_message = "Without channels Google notifies the administrators of the billing account."
  }
}

run "channels_replace_the_administrators" {
  command = plan

  variables {
    channels = ["projects/retail-test/notificationChannels/1"]
  }

  assert {
    condition = (
      google_billing_budget.budget.all_updates_rule[0].monitoring_notification_channels
      == tolist(["projects/retail-test/notificationChannels/1"])
      && google_billing_budget.budget.all_updates_rule[0].disable_default_iam_recipients
    )
    error_message = "The channels are notified, and the administrators are not."
  }
}

run "half_a_unit_and_a_wrong_currency" {
  command = plan

  variables {
    amount = { units = 0.5, currency = "euro" }
  }

  expect_failures = [var.amount]
}

run "a_percentage" {
  command = plan

  variables {
    thresholds = [50, 100]
  }

  expect_failures = [var.thresholds]
}

run "a_project_without_billing_and_by_its_id" {
  command = plan

  variables {
    billing_account = ""
    project_number  = "retail-test"
  }

  expect_failures = [var.billing_account, var.project_number]
}

run "more_channels_than_google_allows" {
  command = plan

  variables {
    channels = ["a", "b", "c", "d", "e", "f"]
  }

  expect_failures = [var.channels]
}
