mock_provider "google" {}

variables {
  project_id     = "retail-test"
  project_number = "123456789012"
  name           = "secret-rotation"
  consumers      = { key-rotation = "serviceAccount:key-rotation@retail-test.iam.gserviceaccount.com" }
}

run "only_due_notices_and_no_expiration" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.due.filter == "attributes.eventType = \"SECRET_ROTATE\""
    error_message = "Without the filter a consumer would receive the event of its own new version."
  }

  assert {
    condition = (
      google_pubsub_subscription.due.expiration_policy[0].ttl == ""
      && google_pubsub_subscription.due.message_retention_duration == "604800s"
    )
    error_message = "A subscription without traffic for months must exist when a key is due."
  }
}

run "the_agent_publishes_and_the_consumer_reads" {
  command = plan

  assert {
    condition = (
      google_pubsub_topic_iam_member.agent.role == "roles/pubsub.publisher"
      && google_pubsub_topic_iam_member.agent.member
      == "serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
    )
    error_message = "Secret Manager's agent publishes to this topic only."
  }

  assert {
    condition = (
      google_pubsub_subscription_iam_member.consumers["key-rotation"].role == "roles/pubsub.subscriber"
      && length(google_pubsub_subscription_iam_member.consumers) == 1
    )
    error_message = "The consumer is the only reader of this subscription."
  }
}

run "a_name_and_a_number_that_google_rejects" {
  command = plan

  variables {
    name           = "google-rotation"
    project_number = "retail-test"
  }

  expect_failures = [var.name, var.project_number]
}
