mock_provider "google" {}

variables {
  project_id = "retail-test"
  location   = "EU"
  raw_tables = {
    stores = {
      description = "Stores as received."
      schema      = <<-JSON
        [
          {"name": "id", "type": "STRING", "mode": "NULLABLE", "description": "The store."},
          {"name": "SYS_DATE_CREATE", "type": "TIMESTAMP", "mode": "REQUIRED", "description": "When it was loaded."},
          {"name": "SYS_FILE_NAME", "type": "STRING", "mode": "REQUIRED", "description": "From which file."}
        ]
      JSON
    }
  }
}

run "tables_are_partitioned_and_protected" {
  command = plan

  assert {
    condition = (
      google_bigquery_table.tables["raw.stores"].time_partitioning[0].field == "SYS_DATE_CREATE"
      && google_bigquery_table.tables["raw.stores"].time_partitioning[0].type == "DAY"
    )
    error_message = "raw is partitioned by the day of the load."
  }

  assert {
    condition     = google_bigquery_table.tables["raw.stores"].clustering == tolist(["SYS_FILE_NAME"])
    error_message = "The newest full list is a prefix of SYS_FILE_NAME."
  }

  assert {
    condition = (
      alltrue([for table in google_bigquery_table.tables : table.deletion_protection])
      && alltrue([
        for dataset in google_bigquery_dataset.datasets :
        dataset.deletion_policy == "PREVENT" && !dataset.delete_contents_on_destroy
      ])
    )
    error_message = "Data is protected by default."
  }

  assert {
    condition     = google_bigquery_table.tables["ops.run_log"].time_partitioning[0].field == "started_at"
    error_message = "Logs are partitioned too."
  }
}

run "datasets_that_can_be_rebuilt_expire" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.datasets["staging"].default_table_expiration_ms == 86400000
    error_message = "A landing table expires after a day."
  }

  assert {
    condition     = google_bigquery_dataset.datasets["snapshots"].default_table_expiration_ms == 14 * 86400000
    error_message = "A snapshot expires after two weeks."
  }

  assert {
    condition = (
      alltrue([
        for name, dataset in google_bigquery_dataset.datasets : dataset.default_table_expiration_ms == null
        if !contains(["snapshots", "staging"], name) && !endswith(name, "_rehearsal")
      ])
    )
    error_message = "Other tables do not expire."
  }
}

run "time_travel_and_billing_model" {
  command = plan

  variables {
    storage = { raw = { billing_model = "PHYSICAL" }, dmt = { time_travel_hours = 48 } }
  }

  assert {
    condition = {
      for name, dataset in google_bigquery_dataset.datasets :
      name => "${dataset.max_time_travel_hours} ${dataset.storage_billing_model}"
      } == {
      raw        = "168 PHYSICAL"
      ods        = "168 LOGICAL"
      dmt        = "48 LOGICAL"
      ops        = "168 LOGICAL"
      assertions = "168 LOGICAL"
      snapshots  = "48 LOGICAL"
      staging    = "48 LOGICAL"

      ods_rehearsal        = "48 LOGICAL"
      dmt_rehearsal        = "48 LOGICAL"
      assertions_rehearsal = "48 LOGICAL"
    }
    error_message = "A week of time travel, two days where tables expire, and exceptions by dataset."
  }
}

run "only_guaranteed_keys" {
  command = plan

  assert {
    condition = (
      google_bigquery_table.tables["ops.costs"].table_constraints[0].primary_key[0].columns
      == tolist(["day", "identity", "label_key", "label_value"])
    )
    error_message = "One row for a day, an identity and a label."
  }

  assert {
    condition     = length(google_bigquery_table.tables["ops.run_log"].table_constraints) == 0
    error_message = "A run that two processes worked on has two rows, so it has no key."
  }

  assert {
    condition     = length(google_bigquery_table.tables["raw.stores"].table_constraints) == 0
    error_message = "raw contains every version of a row, so it has no key."
  }
}

run "unknown_hours_and_billing_model" {
  command = plan

  variables {
    storage = { raw = { time_travel_hours = 24 }, marts = { billing_model = "FREE" } }
  }

  expect_failures = [var.storage]
}

run "half_a_day_of_snapshots" {
  command = plan

  variables {
    snapshot_days = 0.5
  }

  expect_failures = [var.snapshot_days]
}

run "the_whole_access_of_a_dataset" {
  command = plan

  variables {
    editors   = { raw = { connector = "serviceAccount:connector@retail-test.iam.gserviceaccount.com" } }
    readers   = { raw = { engineers = "group:engineers@example.com" } }
    watchers  = { raw = { pipeline = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com" } }
    job_users = { analysts = "group:analysts@example.com" }
  }

  assert {
    condition = toset([
      for access in google_bigquery_dataset.datasets["raw"].access :
      "${access.role} ${coalesce(access.special_group, access.group_by_email, access.user_by_email)}"
      ]) == toset([
      "OWNER projectOwners",
      "WRITER connector@retail-test.iam.gserviceaccount.com",
      "READER engineers@example.com",
      "roles/bigquery.metadataViewer pipeline@retail-test.iam.gserviceaccount.com",
    ])
    error_message = "Nothing of Google's default access is left: no Viewer of the project reads raw."
  }

  assert {
    condition     = google_project_iam_member.job_users["analysts"].role == "roles/bigquery.jobUser"
    error_message = "On the project only the permission to run queries is granted."
  }
}

run "views_of_an_authorized_dataset" {
  command = plan

  variables {
    authorized_datasets = { ods = ["dmt"] }
  }

  assert {
    condition = [
      for access in google_bigquery_dataset.authorizing["ods"].access :
      "${access.dataset[0].dataset[0].dataset_id} ${join(",", access.dataset[0].target_types)}" if length(
        access.dataset
      ) > 0
    ] == ["dmt VIEWS"]
    error_message = "Analysts read a view of dmt over ods without access to ods."
  }

  assert {
    condition = (
      toset(keys(output.datasets)) == toset([
        "assertions", "assertions_rehearsal", "dmt", "dmt_rehearsal", "ods", "ods_rehearsal", "ops", "raw", "snapshots",
        "staging",
      ])
    )
    error_message = "Every dataset is created once."
  }
}

run "two_datasets_that_authorize_each_other" {
  command = plan

  variables {
    authorized_datasets = { ods = ["dmt"], dmt = ["ods"] }
  }

  expect_failures = [var.authorized_datasets]
}

run "partitions_expire_where_it_is_set" {
  command = plan

  variables {
    retention_days = { ops = 400 }
  }

  assert {
    condition     = google_bigquery_table.tables["ops.run_log"].time_partitioning[0].expiration_ms == 400 * 86400000
    error_message = "Partitions expire after the given days."
  }
}

run "a_retention_shorter_than_what_is_read_again" {
  command = plan

  variables {
    retention_days = { raw = 30 }
  }

  expect_failures = [var.retention_days]
}

run "an_unknown_mode" {
  command = plan

  variables {
    raw_tables = {
      stores = {
        description = "Stores."
        schema      = jsonencode([{ name = "SYS_DATE_CREATE", type = "TIMESTAMP", mode = "NULLBLE" }])
      }
    }
  }

  expect_failures = [var.raw_tables]
}

run "an_unknown_dataset" {
  command = plan

  variables {
    editors  = { marts = {} }
    readers  = { marts = {} }
    watchers = { marts = {} }
  }

  expect_failures = [var.editors, var.readers, var.watchers]
}

run "a_malformed_schema" {
  command = plan

  variables {
    raw_tables = { stores = { description = "Stores.", schema = "{\"id\": \"STRING\"" } }
  }

  expect_failures = [var.raw_tables]
}

run "an_unknown_type" {
  command = plan

  variables {
    raw_tables = {
      stores = {
        description = "Stores."
        schema = jsonencode([
          { name = "SYS_DATE_CREATE", type = "TIMESTAMP" },
          { name = "address", type = "STRUCT" },
        ])
      }
    }
  }

  expect_failures = [var.raw_tables]
}

run "a_table_without_its_load_time" {
  command = plan

  variables {
    raw_tables = { stores = { description = "Stores.", schema = "[{\"name\": \"id\", \"type\": \"STRING\"}]" } }
  }

  expect_failures = [var.raw_tables]
}

run "the_verdict_has_the_limits" {
  command = plan

  variables {
    limits = { orphan_rate = 0.05, rejects = 3 }
  }

  assert {
    condition = (
      strcontains(google_bigquery_table.last_night.view[0].query, "bad_rows > 0.05 * `rows`")
      && strcontains(google_bigquery_table.last_night.view[0].query, "bad_rows > 3")
      && !google_bigquery_table.last_night.view[0].use_legacy_sql
    )
    error_message = "The verdict compares with the limits of the environment."
  }
}

run "an_orphan_rate_in_percent_is_rejected" {
  command = plan

  variables {
    limits = { orphan_rate = 5 }
  }

  expect_failures = [var.limits]
}
