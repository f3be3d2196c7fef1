locals {
  # Purpose, partition column and key of each log in ops/. run_log has no key: a run that stopped and was finished
  # by another process has two rows, so nothing in it is unique.
  logs = {
    costs = {
      description = "Billed bytes and slots of a day's jobs, by identity and label. Written by the query cost."
      partition   = "day"
      key         = ["day", "identity", "label_key", "label_value"]
    }
    drift = {
      description = "A field of a source that is new, missing or of another type than in any run before."
      partition   = "logged_at"
      key         = ["run_id", "field", "now"]
    }
    file_log = {
      description = "A file of a run, whether it was archived or rejected, and the reason."
      partition   = "logged_at"
      key         = ["run_id", "file_name"]
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
    releases = {
      description = "A state of a release or rollback: code, images, plan, and the moment before it. Append only."
      partition   = "logged_at"
    }
    run_log = {
      description = "A run of the connector for one endpoint: its window, how it ended, how much it loaded."
      partition   = "started_at"
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
