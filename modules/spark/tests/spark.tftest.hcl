mock_provider "google" {}

variables {
  project_id = "retail-test"
  region     = "europe-west1"
  location   = "EU"
  name       = "retail-test-spark"
  code       = { "connector/spark/prepare.py" = "print()" }
  identity = {
    email  = "spark-batches@retail-test.iam.gserviceaccount.com"
    member = "serviceAccount:spark-batches@retail-test.iam.gserviceaccount.com"
    name   = "projects/retail-test/serviceAccounts/spark-batches@retail-test.iam.gserviceaccount.com"
  }
}

run "the_bucket_is_private_and_deletes_only_output" {
  command = plan

  assert {
    condition = (
      google_storage_bucket.batches.public_access_prevention == "enforced"
      && google_storage_bucket.batches.uniform_bucket_level_access
    )
    error_message = "The bucket cannot be made public."
  }

  assert {
    condition = [
      for rule in google_storage_bucket.batches.lifecycle_rule :
      [one(rule.action).type, one(rule.condition).age, one(one(rule.condition).matches_prefix)]
    ] == [["Delete", 90, "runs/"]]
    error_message = "Output is deleted after 90 days; code stays as long as it is declared."
  }
}

run "code_has_a_name_of_its_content" {
  command = plan

  assert {
    condition = [for object in google_storage_bucket_object.code : object.name] == [
      "code/${substr(sha256("print()"), 0, 16)}/prepare.py"
    ]
    error_message = "A running batch keeps the version that it began with."
  }
}

run "machines_reach_google_and_each_other_and_nothing_else" {
  command = plan

  assert {
    condition = (
      google_compute_subnetwork.batches.private_ip_google_access
      && !google_compute_network.batches.auto_create_subnetworks
    )
    error_message = "One subnetwork, with Private Google Access."
  }

  assert {
    condition = (
      google_compute_firewall.batches.source_ranges == toset(["10.110.0.0/22"])
      && google_compute_firewall.batches.destination_ranges == toset(["10.110.0.0/22"])
      && google_compute_firewall.batches.direction == "INGRESS"
    )
    error_message = "Only machines of the subnetwork talk to each other."
  }
}

run "who_may_do_what" {
  command = plan

  variables {
    readers    = { connector = "serviceAccount:connector@retail-test.iam.gserviceaccount.com" }
    runners    = { pipeline = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com" }
    deliverers = { delivery-apply = "serviceAccount:delivery-apply@retail-test.iam.gserviceaccount.com" }
    planners   = { delivery-plan = "serviceAccount:delivery-plan@retail-test.iam.gserviceaccount.com" }
  }

  assert {
    condition = {
      for name, grant in google_storage_bucket_iam_member.access :
      name => "${grant.role} ${one(grant.condition).title}"
      } == {
      batches-read        = "roles/storage.objectViewer only code/"
      batches-write       = "roles/storage.objectUser only runs/"
      connector-read      = "roles/storage.objectViewer only runs/"
      delivery-apply-code = "roles/storage.objectUser only code/"
      delivery-plan-code  = "roles/storage.objectViewer only code/"
    }
    error_message = "A batch may not replace code, and no other identity writes its output."
  }

  assert {
    condition = one(google_storage_bucket_iam_member.access["batches-write"].condition).expression == join(" || ", [
      "resource.name == \"projects/_/buckets/retail-test-spark\"",
      "resource.name.startsWith(\"projects/_/buckets/retail-test-spark/objects/runs/\")",
    ])
    error_message = "Objects of a folder, and the list of the bucket."
  }

  assert {
    condition = google_project_iam_custom_role.runner.permissions == toset([
      "dataproc.batches.cancel", "dataproc.batches.create", "dataproc.batches.get", "dataproc.batches.list",
      "dataproc.operations.cancel", "dataproc.operations.get",
    ])
    error_message = "A runner creates no clusters."
  }

  assert {
    condition = (
      google_service_account_iam_member.runners["pipeline"].role == "roles/iam.serviceAccountUser"
      && endswith(google_service_account_iam_member.runners["pipeline"].service_account_id, "/${var.identity.email}")
    )
    error_message = "A runner may act as the batches' identity, and as no other."
  }
}

run "wrong_values" {
  command = plan

  variables {
    code     = { "prepare.scala" = "x" }
    days     = 1
    ip_range = "8.8.8.0/24"
    location = "eu"
    name     = "Retail"
  }

  expect_failures = [var.code, var.days, var.ip_range, var.location, var.name]
}
