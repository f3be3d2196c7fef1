locals {
  # What each log in ops/ is for, and by when it is partitioned.
  logs = {
    run_log    = { partition = "started_at", description = "A run of the connector for one endpoint: its window, how it ended, how much it loaded." }
    file_log   = { partition = "logged_at", description = "A file of a run, and whether it was archived or put aside, with the reason." }
    notice_log = { partition = "logged_at", description = "A notice about an export to one target: when it was due, and whether its server took it." }
    sync_log   = { partition = "started_at", description = "A run of sheets_sync for one export: what it changed in the spreadsheet, and how it ended." }
  }

  ops_tables = {
    for file in fileset("${path.module}/ops", "*.json") : trimsuffix(file, ".json") => {
      description = local.logs[trimsuffix(file, ".json")].description
      partition   = local.logs[trimsuffix(file, ".json")].partition
      schema      = file("${path.module}/ops/${file}")
      clustering  = null
    }
  }
}
