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

run "tables_are_partitioned_and_kept" {
  command = plan

  assert {
    condition     = google_bigquery_table.tables["raw.stores"].time_partitioning[0].field == "SYS_DATE_CREATE" && google_bigquery_table.tables["raw.stores"].time_partitioning[0].type == "DAY"
    error_message = "raw is partitioned by the day of the load."
  }

  assert {
    condition     = google_bigquery_table.tables["raw.stores"].clustering == tolist(["SYS_FILE_NAME"])
    error_message = "The newest full list is a prefix of SYS_FILE_NAME."
  }

  assert {
    condition     = alltrue([for table in google_bigquery_table.tables : table.deletion_protection]) && alltrue([for dataset in google_bigquery_dataset.datasets : !dataset.delete_contents_on_destroy])
    error_message = "Data is protected unless someone says otherwise."
  }

  assert {
    condition     = google_bigquery_table.tables["ops.run_log"].time_partitioning[0].field == "started_at"
    error_message = "Logs are partitioned too."
  }
}

run "what_is_made_again_expires" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.datasets["staging"].default_table_expiration_ms == 86400000
    error_message = "A landing table is worth nothing after a day."
  }

  assert {
    condition     = google_bigquery_dataset.datasets["snapshots"].default_table_expiration_ms == 14 * 86400000
    error_message = "A snapshot is kept for two weeks."
  }

  assert {
    condition     = alltrue([for name, dataset in google_bigquery_dataset.datasets : dataset.default_table_expiration_ms == null if !contains(["snapshots", "staging"], name)])
    error_message = "Nothing else goes away by itself."
  }
}

run "everything_can_be_read_as_it_was" {
  command = plan

  variables {
    storage = { raw = { billing_model = "PHYSICAL" }, dmt = { time_travel_hours = 48 } }
  }

  assert {
    condition = { for name, dataset in google_bigquery_dataset.datasets : name => "${dataset.max_time_travel_hours} ${dataset.storage_billing_model}" } == {
      raw        = "168 PHYSICAL"
      ods        = "168 LOGICAL"
      dmt        = "48 LOGICAL"
      ops        = "168 LOGICAL"
      assertions = "168 LOGICAL"
      snapshots  = "48 LOGICAL"
      staging    = "48 LOGICAL"
    }
    error_message = "A week of time travel, two days where tables expire, unless a dataset is told otherwise."
  }
}

run "keys_are_those_that_hold" {
  command = plan

  assert {
    condition     = google_bigquery_table.tables["ops.costs"].table_constraints[0].primary_key[0].columns == tolist(["day", "identity", "label_key", "label_value"])
    error_message = "A day, an identity and a label have one row."
  }

  assert {
    condition     = length(google_bigquery_table.tables["ops.run_log"].table_constraints) == 0
    error_message = "BigQuery joins by a key that it does not check: a run that two processes worked on has two rows."
  }

  assert {
    condition     = length(google_bigquery_table.tables["raw.stores"].table_constraints) == 0
    error_message = "raw holds every version of a row, so nothing is unique there."
  }
}

run "a_time_and_a_model_that_bigquery_does_not_have" {
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

run "grants_are_on_datasets" {
  command = plan

  variables {
    editors   = { raw = { connector = "serviceAccount:connector@retail-test.iam.gserviceaccount.com" } }
    readers   = { dmt = { analysts = "group:analysts@example.com" } }
    watchers  = { ods = { pipeline = "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com" } }
    job_users = { analysts = "group:analysts@example.com" }
  }

  assert {
    condition = {
      for grant in google_bigquery_dataset_iam_member.grants : grant.member => "${grant.role} on ${grant.dataset_id}"
      } == {
      "serviceAccount:connector@retail-test.iam.gserviceaccount.com" = "roles/bigquery.dataEditor on raw"
      "group:analysts@example.com"                                   = "roles/bigquery.dataViewer on dmt"
      "serviceAccount:pipeline@retail-test.iam.gserviceaccount.com"  = "roles/bigquery.metadataViewer on ods"
    }
    error_message = "Each grant is on the dataset that was named, and there is no other."
  }

  assert {
    condition     = google_project_iam_member.job_users["analysts"].role == "roles/bigquery.jobUser"
    error_message = "On the project only the right to run queries is given."
  }
}

run "a_dataset_that_is_none" {
  command = plan

  variables {
    editors  = { marts = {} }
    readers  = { marts = {} }
    watchers = { marts = {} }
  }

  expect_failures = [var.editors, var.readers, var.watchers]
}

run "a_schema_that_is_none" {
  command = plan

  variables {
    raw_tables = { stores = { description = "Stores.", schema = "{\"id\": \"STRING\"" } }
  }

  expect_failures = [var.raw_tables]
}

run "a_type_that_raw_does_not_have" {
  command = plan

  variables {
    raw_tables = { stores = { description = "Stores.", schema = "[{\"name\": \"SYS_DATE_CREATE\", \"type\": \"TIMESTAMP\"}, {\"name\": \"address\", \"type\": \"STRUCT\"}]" } }
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
