mock_provider "google" {}

variables {
  project_id  = "retail-test"
  region      = "europe-west1"
  name        = "jobs"
  description = "Images of the jobs."
}

run "the_newest_are_kept_and_old_ones_deleted" {
  command = plan

  assert {
    condition = (
      one([
        for policy in google_artifact_registry_repository.registry.cleanup_policies :
        policy.most_recent_versions[0].keep_count
        if policy.id == "keep-newest"
      ])
      == 20
    )
    error_message = "Twenty versions are kept for a rollback, at any age."
  }

  assert {
    condition = (
      one([
        for policy in google_artifact_registry_repository.registry.cleanup_policies :
        "${policy.action} ${policy.condition[0].tag_state} ${join(" ", policy.condition[0].tag_prefixes)}"
        if policy.id == "keep-delivered"
      ])
      == "KEEP TAGGED release-"
    )
    error_message = "What a release delivered is kept at any age and behind any number of newer images."
  }

  assert {
    condition = (
      one([
        for policy in google_artifact_registry_repository.registry.cleanup_policies : policy.condition[0].older_than
        if policy.action == "DELETE"
      ])
      == "7776000s"
    )
    error_message = "Other versions are deleted after ninety days."
  }

  assert {
    condition = (
      google_artifact_registry_repository.registry.cleanup_policy_dry_run == false
      && google_artifact_registry_repository.registry.docker_config[0].immutable_tags
    )
    error_message = "The clean-up is not a dry run, and a tag cannot move."
  }

  assert {
    condition     = length(google_artifact_registry_repository_iam_member.writers) == 0
    error_message = "Without writers there is no grant."
  }
}

run "writers_add_images" {
  command = plan

  variables {
    writers = { delivery-apply = "serviceAccount:delivery-apply@retail-test.iam.gserviceaccount.com" }
  }

  assert {
    condition = (
      google_artifact_registry_repository_iam_member.writers["delivery-apply"].role == "roles/artifactregistry.writer"
    )
    error_message = "A writer adds and reads, but does not delete."
  }
}

run "no_version_for_a_rollback" {
  command = plan

  variables {
    keep = { versions = 1 }
  }

  expect_failures = [var.keep]
}

run "a_prefix_that_keeps_everything" {
  command = plan

  variables {
    kept_tags = ""
  }

  expect_failures = [var.kept_tags]
}

run "a_name_in_capitals" {
  command = plan

  variables {
    name = "Jobs"
  }

  expect_failures = [var.name]
}
