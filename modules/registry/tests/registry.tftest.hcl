mock_provider "google" {}

variables {
  project_id  = "retail-test"
  region      = "europe-west1"
  name        = "jobs"
  description = "Images of the jobs."
}

run "the_newest_are_kept_and_the_old_forgotten" {
  command = plan

  assert {
    condition     = one([for policy in google_artifact_registry_repository.registry.cleanup_policies : policy.most_recent_versions[0].keep_count if policy.action == "KEEP"]) == 20
    error_message = "Twenty versions are kept for going back, whatever their age."
  }

  assert {
    condition     = one([for policy in google_artifact_registry_repository.registry.cleanup_policies : policy.condition[0].older_than if policy.action == "DELETE"]) == "7776000s"
    error_message = "The others go after ninety days."
  }

  assert {
    condition     = google_artifact_registry_repository.registry.cleanup_policy_dry_run == false && google_artifact_registry_repository.registry.docker_config[0].immutable_tags
    error_message = "Clean-up really deletes, and a tag cannot be moved."
  }

  assert {
    condition     = length(google_artifact_registry_repository_iam_member.writers) == 0
    error_message = "Nobody pushes unasked."
  }
}

run "writers_add_images" {
  command = plan

  variables {
    writers = { delivery-apply = "serviceAccount:delivery-apply@retail-test.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_artifact_registry_repository_iam_member.writers["delivery-apply"].role == "roles/artifactregistry.writer"
    error_message = "A writer adds and reads; deleting is the clean-up's."
  }
}

run "nothing_to_go_back_to" {
  command = plan

  variables {
    keep = { versions = 1 }
  }

  expect_failures = [var.keep]
}

run "a_name_in_capitals" {
  command = plan

  variables {
    name = "Jobs"
  }

  expect_failures = [var.name]
}
