mock_provider "google" {}

variables {
  project_id = "retail-test"
  name       = "retail-test-landing"
  location   = "EU"
}

run "not_public_and_restorable" {
  command = plan

  assert {
    condition = (
      google_storage_bucket.landing.public_access_prevention == "enforced"
      && google_storage_bucket.landing.uniform_bucket_level_access
    )
    error_message = "The bucket cannot be made public, neither as a whole nor by object."
  }

  assert {
    condition = (
      google_storage_bucket.landing.versioning[0].enabled
      && google_storage_bucket.landing.force_destroy == false
    )
    error_message = "Old versions are kept, and a bucket with files is not destroyed."
  }

  assert {
    condition = [
      for rule in google_storage_bucket.landing.lifecycle_rule : one(rule.condition).days_since_noncurrent_time
      if one(rule.action).type == "Delete"
    ] == [7]
    error_message = "An old version is deleted after a week; leases leave thousands of them."
  }

  assert {
    condition     = google_storage_bucket.landing.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "A deleted object can be restored for a week."
  }

  assert {
    condition = (
      length(
        [
          for rule in google_storage_bucket.landing.lifecycle_rule : rule
          if one(rule.action).type == "SetStorageClass"
        ]
      )
      == 0
    )
    error_message = "Without archives no file changes its class."
  }
}

run "only_archives_change_their_class" {
  command = plan

  variables {
    archives = ["sales/archive/"]
  }

  assert {
    condition = alltrue([
      for rule in google_storage_bucket.landing.lifecycle_rule : one(rule.condition).matches_prefix
      == tolist(["sales/archive/"])
      if one(rule.action).type == "SetStorageClass"
    ])
    error_message = "Files in processing/ and failed/ are read again."
  }
}

run "the_whole_policy_and_a_writer_of_one_folder" {
  command = plan

  variables {
    writers = {
      connector = { member = "serviceAccount:connector@retail-test.iam.gserviceaccount.com" }
      pipeline  = { member = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com", folder = "pipeline/" }
    }
  }

  assert {
    condition = [
      for binding in jsondecode(google_storage_bucket_iam_policy.access.policy_data).bindings :
      "${binding.role} ${join(",", binding.members)}"
      ] == [
      "roles/storage.legacyBucketOwner projectOwner:retail-test",
      "roles/storage.legacyObjectOwner projectOwner:retail-test",
      "roles/storage.objectUser serviceAccount:connector@retail-test.iam.gserviceaccount.com",
      "roles/storage.objectUser serviceAccount:pipeline@retail-test.iam.gserviceaccount.com",
    ]
    error_message = "Only project owners and writers have access; writers work with objects, not with the bucket."
  }

  assert {
    condition = [
      for binding in jsondecode(google_storage_bucket_iam_policy.access.policy_data).bindings :
      binding.condition.expression if can(binding.condition)
      ] == [join(" || ", [
        "resource.name == \"projects/_/buckets/retail-test-landing\"",
        "resource.name.startsWith(\"projects/_/buckets/retail-test-landing/objects/pipeline/\")",
    ])]
    error_message = "The pipeline reads and writes its own folder, and may list the bucket."
  }
}

run "archive_before_coldline" {
  command = plan

  variables {
    archive_days = { coldline = 90, archive = 30 }
  }

  expect_failures = [var.archive_days]
}

run "a_folder_without_a_slash" {
  command = plan

  variables {
    archives = ["sales/archive"]
    writers  = { pipeline = { member = "user:a@example.com", folder = "pipeline" } }
  }

  expect_failures = [var.archives, var.writers]
}

run "a_name_and_a_location_in_the_wrong_case" {
  command = plan

  variables {
    name     = "Retail"
    location = "eu"
  }

  expect_failures = [var.name, var.location]
}
