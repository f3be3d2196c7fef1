locals {
  # What each log in ops/ is for, by when it is partitioned, and its key where it has one: a run that stopped and was
  # finished by another process has two rows in run_log, so nothing is unique there and nothing can refer to it.
  logs = {
    costs      = { partition = "day", key = ["day", "identity", "label_key", "label_value"], description = "What the jobs of a day were billed, by identity and label. Written by the scheduled query cost." }
    drift      = { partition = "logged_at", key = ["run_id", "field", "now"], description = "A field of a source that is new, missing or of another type than in any run before." }
    file_log   = { partition = "logged_at", key = ["run_id", "file_name"], description = "A file of a run, and whether it was archived or put aside, with the reason." }
    freshness  = { partition = "checked_at", key = ["checked_at", "table_name"], description = "How old the newest data of a table was at a moment. Written by the scheduled query freshness." }
    notice_log = { partition = "logged_at", description = "A notice about an export to one target: when it was due, and whether its server took it." }
    run_log    = { partition = "started_at", description = "A run of the connector for one endpoint: its window, how it ended, how much it loaded." }
    sync_row   = { partition = "logged_at", description = "A row that a run of sheets_sync rejected, with the reason, or that people had changed." }
    sync_run   = { partition = "started_at", key = ["run_id", "export"], description = "A run of sheets_sync for one export: what it changed where it publishes, and how it ended." }
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
