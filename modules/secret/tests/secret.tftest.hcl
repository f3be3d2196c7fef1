mock_provider "google" {}

variables {
  project_id  = "retail-test"
  name        = "retail-api-key"
  description = "The key of the retail API."
  region      = "europe-west1"
  accessors   = { connector = "serviceAccount:connector@retail-test.iam.gserviceaccount.com" }
}

run "read_by_accessors_only" {
  command = plan

  assert {
    condition = (
      google_secret_manager_secret_iam_member.accessors["connector"].role == "roles/secretmanager.secretAccessor"
      && length(google_secret_manager_secret_iam_member.accessors) == 1
    )
    error_message = "Only accessors read a secret."
  }

  assert {
    condition     = google_secret_manager_secret.secret.annotations.description == "The key of the retail API."
    error_message = "The annotation explains what the secret gives access to."
  }
}

run "stored_in_one_region_and_protected" {
  command = plan

  assert {
    condition = (
      google_secret_manager_secret.secret.replication[0].user_managed[0].replicas[0].location == "europe-west1"
    )
    error_message = "Automatic replication is rejected under gcp.resourceLocations, and cannot be changed later."
  }

  assert {
    condition     = google_secret_manager_secret.secret.deletion_policy == "PREVENT"
    error_message = "The versions of a destroyed secret are lost."
  }
}

run "no_rotation_by_default" {
  command = plan

  assert {
    condition = (
      length(google_secret_manager_secret.secret.rotation) == 0
      && length(google_secret_manager_secret.secret.topics) == 0
    )
    error_message = "Without a rotation there is no period and no topic."
  }
}

run "a_rotation_publishes_to_its_topic" {
  command = plan

  variables {
    rotation = { topic = "projects/retail-test/topics/secret-rotation", days = 30, first = "2126-01-01T00:00:00Z" }
    rotators = { key-rotation = "serviceAccount:key-rotation@retail-test.iam.gserviceaccount.com" }
  }

  assert {
    condition = (
      google_secret_manager_secret.secret.rotation[0].rotation_period == "2592000s"
      && google_secret_manager_secret.secret.rotation[0].next_rotation_time == "2126-01-01T00:00:00Z"
    )
    error_message = "The period is in seconds, and the first time is the one that was given."
  }

  assert {
    condition     = google_secret_manager_secret.secret.topics[0].name == "projects/retail-test/topics/secret-rotation"
    error_message = "A rotation needs a topic."
  }

  assert {
    condition = (
      toset([for grant in google_secret_manager_secret_iam_member.rotators : grant.role])
      == toset(["roles/secretmanager.secretAccessor", "roles/secretmanager.secretVersionManager"])
    )
    error_message = "A rotator reads and replaces the value, and no more."
  }
}

run "without_a_first_time_it_is_one_period_from_now" {
  command = plan

  variables {
    rotation = { topic = "projects/retail-test/topics/secret-rotation", days = 30 }
  }

  assert {
    condition = (
      timecmp(google_secret_manager_secret.secret.rotation[0].next_rotation_time, timeadd(plantimestamp(), "700h")) == 1
      && timecmp(google_secret_manager_secret.secret.rotation[0].next_rotation_time, timeadd(plantimestamp(), "721h"))
      == -1
    )
    error_message = "Secret Manager rejects a first rotation in the past."
  }
}

run "a_topic_by_short_name" {
  command = plan

  variables {
    rotation = { topic = "secret-rotation" }
  }

  expect_failures = [var.rotation]
}

run "half_a_day" {
  command = plan

  variables {
    rotation = { topic = "projects/retail-test/topics/secret-rotation", days = 0.5 }
  }

  expect_failures = [var.rotation]
}

run "an_invalid_first_time" {
  command = plan

  variables {
    rotation = { topic = "projects/retail-test/topics/secret-rotation", first = "tomorrow" }
  }

  expect_failures = [var.rotation]
}

run "a_name_in_capitals" {
  command = plan

  variables {
    name = "RETAIL_API_KEY"
  }

  expect_failures = [var.name]
}
