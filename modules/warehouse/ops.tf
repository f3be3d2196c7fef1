locals {
  # Purpose, partition column and key of each log in ops/. run_log has no key: a run that stopped and was finished
  # by another process has two rows, so nothing in it is unique.
  logs = {
    action_log = {
      description = "An action of Dataform in a run of the pipeline, or a check and the rows that violate it."
      partition   = "logged_at"
      key         = ["run_id", "action"]
    }
    costs = {
      description = "Billed bytes and slots of a day's jobs, by identity and label. Written by the query cost."
      partition   = "day"
      key         = ["day", "identity", "label_key", "label_value"]
    }
    day_log = {
      description = "A day whose sale lines or rejected rows a run of the pipeline wrote, and how many of them are bad."
      partition   = "logged_at"
      key         = ["run_id", "table_name", "day"]
    }
    drift = {
      description = "A field of a source that is new, missing or of another type than in any run before."
      partition   = "logged_at"
      key         = ["run_id", "field", "now"]
    }
    erasures = {
      description = "An erasure of personal data, without the data. Written by python -m scripts.erase."
      partition   = "erased_at"
    }
    file_log = {
      description = "A file of a run, whether it was archived or rejected, and the reason."
      partition   = "logged_at"
      key         = ["run_id", "file_name"]
    }
    finding_log = {
      description = "A finding of last_night that a run of the pipeline reported: each new state once."
      partition   = "logged_at"
      key         = ["run_id", "kind", "subject"]
    }
    freshness = {
      description = "Age of the newest data of a table at a moment. Written by the query freshness."
      partition   = "checked_at"
      key         = ["checked_at", "table_name"]
    }
    notice_log = {
      description = "A notice about an export to one target: when it was due, and whether its server accepted it."
      partition   = "logged_at"
    }
    pipeline_log = {
      description = "A run of the pipeline: its schedule, how it ended, and why it failed."
      partition   = "started_at"
      key         = ["run_id"]
    }
    quality_results = {
      description = "A check of the quality of a table: what was measured, and its level. Written by Dataform."
      partition   = "checked_at"
    }
    releases = {
      description = "A state of a release or rollback: code, images, plan, and the moment before it. Append only."
      partition   = "logged_at"
    }
    run_log = {
      description = "A run of the connector for one endpoint: its window, how it ended, how much it loaded."
      partition   = "started_at"
    }
    step_log = {
      description = "A step of a run of the pipeline: how it ended and how long it took."
      partition   = "started_at"
      key         = ["run_id", "step"]
    }
    sync_row = {
      description = "A row that a run of sheets_sync rejected, with the reason, or that people had changed."
      partition   = "logged_at"
    }
    sync_run = {
      description = "A run of sheets_sync for one export: what it changed at the destination, and how it ended."
      partition   = "started_at"
      key         = ["run_id", "export"]
    }
    table_log = {
      description = "Size of a table of ods or dmt after a run of the pipeline, and when it last changed."
      partition   = "logged_at"
      key         = ["run_id", "table_name"]
    }
  }

  ops_tables = {
    for file in fileset("${path.module}/ops", "*.json") : trimsuffix(file, ".json") => {
      description = local.logs[trimsuffix(file, ".json")].description
      partition   = local.logs[trimsuffix(file, ".json")].partition
      key         = try(local.logs[trimsuffix(file, ".json")].key, [])
      schema      = file("${path.module}/ops/${file}")
      clustering  = null
    }
  }
}
