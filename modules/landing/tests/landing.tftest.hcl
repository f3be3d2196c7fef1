mock_provider "google" {}

variables {
  project_id = "retail-test"
  name       = "retail-test-landing"
  location   = "EU"
}

run "nobody_outside_and_nothing_lost" {
  command = plan

  assert {
    condition     = google_storage_bucket.landing.public_access_prevention == "enforced" && google_storage_bucket.landing.uniform_bucket_level_access
    error_message = "The bucket must not be opened to the public, nor object by object."
  }

  assert {
    condition     = google_storage_bucket.landing.versioning[0].enabled && google_storage_bucket.landing.force_destroy == false
    error_message = "What is overwritten is kept, and a bucket with files is not destroyed."
  }

  assert {
    condition     = length([for rule in google_storage_bucket.landing.lifecycle_rule : rule if one(rule.action).type == "SetStorageClass"]) == 0
    error_message = "Without archives nothing becomes colder."
  }
}

run "only_archives_become_colder" {
  command = plan

  variables {
    archives = ["sales/archive/"]
  }

  assert {
    condition = alltrue([
      for rule in google_storage_bucket.landing.lifecycle_rule : one(rule.condition).matches_prefix == tolist(["sales/archive/"])
      if one(rule.action).type == "SetStorageClass"
    ])
    error_message = "Files in processing/ and failed/ are read again."
  }
}

run "a_writer_of_one_folder" {
  command = plan

  variables {
    writers = {
      connector = { member = "serviceAccount:connector@retail-test.iam.gserviceaccount.com" }
      pipeline  = { member = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com", folder = "pipeline/" }
    }
  }

  assert {
    condition     = google_storage_bucket_iam_member.writers["pipeline"].condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/retail-test-landing/objects/pipeline/\")"
    error_message = "The pipeline sees its own folder alone."
  }

  assert {
    condition     = length(google_storage_bucket_iam_member.writers["connector"].condition) == 0 && alltrue([for grant in google_storage_bucket_iam_member.writers : grant.role == "roles/storage.objectUser"])
    error_message = "Writers work with objects, and never with the bucket."
  }
}

run "archive_before_coldline" {
  command = plan

  variables {
    archive_days = { coldline = 90, archive = 30 }
  }

  expect_failures = [var.archive_days]
}

run "a_folder_without_its_slash" {
  command = plan

  variables {
    archives = ["sales/archive"]
    writers  = { pipeline = { member = "user:a@example.com", folder = "pipeline" } }
  }

  expect_failures = [var.archives, var.writers]
}

run "names_and_places_that_google_spells_otherwise" {
  command = plan

  variables {
    name     = "Retail"
    location = "eu"
  }

  expect_failures = [var.name, var.location]
}
