mock_provider "google" {}

variables {
  project_id     = "retail-test"
  project_number = "123456789012"
  name           = "delivery"
  repository_id  = "1296269"
  environment    = "prod"
  project_roles  = ["roles/bigquery.jobUser", "roles/bigquery.resourceViewer"]
  state_bucket   = "retail-test-terraform-state"
  identities = {
    plan = {
      member = "serviceAccount:delivery-plan@retail-test.iam.gserviceaccount.com"
      name   = "projects/retail-test/serviceAccounts/delivery-plan@retail-test.iam.gserviceaccount.com"
    }
    apply = {
      member = "serviceAccount:delivery-apply@retail-test.iam.gserviceaccount.com"
      name   = "projects/retail-test/serviceAccounts/delivery-apply@retail-test.iam.gserviceaccount.com"
    }
    rehearse = {
      member = "serviceAccount:delivery-rehearse@retail-test.iam.gserviceaccount.com"
      name   = "projects/retail-test/serviceAccounts/delivery-rehearse@retail-test.iam.gserviceaccount.com"
    }
  }
}

run "one_repository_by_its_number_one_branch_and_one_environment" {
  command = plan

  assert {
    condition = (
      google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository_id == \"1296269\""
    )
    error_message = "Tokens of other repositories are not exchanged."
  }

  assert {
    condition = {
      for task, grant in google_service_account_iam_member.federated :
      task => split("/workloadIdentityPools/delivery/", grant.member)[1]
      } == {
      plan                      = "attribute.repository_id/1296269"
      rehearse                  = "attribute.source/1296269:refs/heads/main"
      "apply-push"              = "attribute.deployment/1296269:prod:push:refs/heads/main"
      "apply-workflow_dispatch" = "attribute.deployment/1296269:prod:workflow_dispatch:refs/heads/main"
    }
    error_message = "Every branch plans; main rehearses; only jobs of prod apply, after a push to main or by hand."
  }

  assert {
    condition = (
      google_iam_workload_identity_pool_provider.github.attribute_mapping["attribute.deployment"]
      == join("", [
        "assertion.repository_id + \":\" + (has(assertion.environment) ? assertion.environment : \"\")",
        " + \":\" + assertion.event_name + \":\" + assertion.ref",
      ])
    )
    error_message = "The four claims are one attribute: none is sufficient without the others."
  }
}

run "pull_requests_rehearse_where_data_is_not_protected" {
  command = plan

  variables {
    rehearses_every_branch = true
  }

  assert {
    condition = endswith(
      google_service_account_iam_member.federated["rehearse"].member, "/attribute.repository_id/1296269"
    )
    error_message = "Every branch rehearses."
  }

  assert {
    condition = alltrue([
      for permission in google_project_iam_custom_role.roles["rehearse"].permissions :
      startswith(permission, "dataform.") || endswith(permission, ".use") || endswith(permission, "operations.get")
      ]) && length(setintersection(google_project_iam_custom_role.roles["rehearse"].permissions, [
        "dataform.repositories.commit", "dataform.workflowInvocations.create", "dataform.releaseConfigs.update",
    ])) == 0
    error_message = "A rehearsal compiles; it releases nothing and runs no SQL by itself."
  }
}

run "a_plan_reads_and_an_apply_writes_and_neither_reads_data" {
  command = plan

  assert {
    condition = (
      alltrue([
        for permission in google_project_iam_custom_role.roles["plan"].permissions :
        can(regex("\\.(get|list|getIamPolicy|read|use)$", permission))
      ])
    )
    error_message = "A plan changes nothing."
  }

  assert {
    condition = (
      length(setsubtract(
        google_project_iam_custom_role.roles["plan"].permissions,
        google_project_iam_custom_role.roles["apply"].permissions,
      ))
      == 0
    )
    error_message = "An apply reads what a plan reads."
  }

  assert {
    condition = length(setintersection(google_project_iam_custom_role.roles["apply"].permissions, [
      "bigquery.tables.getData", "secretmanager.versions.access", "storage.objects.get",
      "logging.logEntries.list", "pubsub.subscriptions.consume",
      "iam.roles.update", "iam.roles.create", "iam.serviceAccounts.getAccessToken", "iam.serviceAccountKeys.create",
      "iam.workloadIdentityPools.update", "iam.workloadIdentityPoolProviders.update",
      "resourcemanager.projects.setIamPolicy",
    ])) == 0
    error_message = "The role contains no permission to read data or secrets, to create keys or to change roles."
  }
}

run "what_it_grants_on_the_project_is_limited" {
  command = plan

  assert {
    condition = (
      google_project_iam_member.roles["grant"].condition[0].expression
      == join("", [
        "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])",
        ".hasOnly(['roles/bigquery.jobUser', 'roles/bigquery.resourceViewer'])",
      ])
    )
    error_message = "Only the declared roles are granted or revoked."
  }

  assert {
    condition = (
      length(google_project_iam_member.roles["apply"].condition) == 0
      && endswith(google_project_iam_member.roles["grant"].member, "delivery-apply@retail-test.iam.gserviceaccount.com")
      && google_project_iam_member.roles["plan"].role == "projects/retail-test/roles/delivery_plan"
    )
    error_message = "Each identity has the role of its task."
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.state["plan"].role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.state["apply"].role == "roles/storage.objectUser"
    )
    error_message = "A plan reads the state, an apply writes it."
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.lock.condition[0].expression == "resource.name.endsWith(\".tflock\")"
      && google_storage_bucket_iam_member.lock.member == var.identities.plan.member
    )
    error_message = "Of the state a plan writes only the lock."
  }
}

run "a_repository_by_name" {
  command = plan

  variables {
    repository_id = "acme/retail-platform"
  }

  expect_failures = [var.repository_id]
}

run "the_placeholder_of_an_example" {
  command = plan

  variables {
    repository_id = "123456789"
  }

  expect_failures = [var.repository_id]
}

run "a_release_needs_commits_and_release_configs" {
  command = plan

  assert {
    condition = length(setsubtract([
      "dataform.compilationResults.create", "dataform.releaseConfigs.create", "dataform.releaseConfigs.update",
      "dataform.repositories.commit", "logging.notificationRules.create", "logging.notificationRules.update",
    ], google_project_iam_custom_role.roles["apply"].permissions)) == 0
    error_message = "roles/dataform.editor and monitoring.alertPolicies do not include these."
  }
}

run "the_role_of_an_agent" {
  command = plan

  variables {
    project_roles = ["roles/bigquerydatatransfer.serviceAgent"]
  }

  expect_failures = [var.project_roles]
}

run "a_branch_by_ref" {
  command = plan

  variables {
    branch = "refs/heads/main"
  }

  expect_failures = [var.branch]
}

run "an_environment_with_a_separator" {
  command = plan

  variables {
    environment = "prod:push"
  }

  expect_failures = [var.environment]
}

run "one_identity_for_both" {
  command = plan

  variables {
    identities = {
      plan = {
        member = "serviceAccount:delivery@retail-test.iam.gserviceaccount.com"
        name   = "projects/retail-test/serviceAccounts/delivery@retail-test.iam.gserviceaccount.com"
      }
      apply = {
        member = "serviceAccount:delivery@retail-test.iam.gserviceaccount.com"
        name   = "projects/retail-test/serviceAccounts/delivery@retail-test.iam.gserviceaccount.com"
      }
      rehearse = {
        member = "serviceAccount:delivery-rehearse@retail-test.iam.gserviceaccount.com"
        name   = "projects/retail-test/serviceAccounts/delivery-rehearse@retail-test.iam.gserviceaccount.com"
      }
    }
  }

  expect_failures = [var.identities]
}

run "a_role_that_is_too_wide" {
  command = plan

  variables {
    project_roles = ["roles/owner"]
  }

  expect_failures = [var.project_roles]
}

run "names_that_google_rejects" {
  command = plan

  variables {
    name           = "gcp-delivery"
    project_number = "retail-test"
  }

  expect_failures = [var.name, var.project_number]
}
