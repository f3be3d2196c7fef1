locals {
  job_metric = "resource.type=\"cloud_run_job\" AND metric.type="
  log_metric = "${local.job_metric}\"logging.googleapis.com/user"
  executions = "${local.job_metric}\"run.googleapis.com/job/completed_execution_count\""
  billed     = "bigquery.googleapis.com/query/statement_scanned_bytes_billed"
  cost       = "resource.type=\"bigquery_project\" AND metric.type=\"${local.billed}\""

  # The mean of a distribution: every load, step and measurement logs one value.
  means = {
    "Volume: rows per load"                     = { metric = "connector/rows", group = ["metric.label.endpoint"] }
    "Freshness: minutes since the newest sales" = { metric = "pipeline/age_minutes", group = [] }
    "Duration: seconds per step"                = { metric = "pipeline/seconds", group = ["metric.label.step"] }
    "Orphans: fraction of the sale lines"       = { metric = "pipeline/orphan_rate", group = [] }
  }

  daily_sum = { alignmentPeriod = "86400s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_SUM" }
  ratio = {
    numerator   = "${local.executions} AND metric.labels.result=\"succeeded\""
    denominator = local.executions
  }

  queries = merge(
    {
      for title, mean in local.means : title => {
        timeSeriesFilter = {
          filter = "${local.log_metric}/${google_logging_metric.metrics[mean.metric].name}\""
          aggregation = {
            alignmentPeriod    = "3600s"
            perSeriesAligner   = "ALIGN_DELTA"
            crossSeriesReducer = "REDUCE_MEAN"
            groupByFields      = mean.group
          }
        }
      }
    },
    {
      "Success rate: successful executions" = {
        timeSeriesFilterRatio = {
          for part, filter in local.ratio : part => {
            filter      = filter
            aggregation = merge(local.daily_sum, { groupByFields = ["resource.label.job_name"] })
          }
        }
      }
      "Cost: bytes billed for queries" = {
        timeSeriesFilter = {
          filter      = local.cost
          aggregation = merge(local.daily_sum, { groupByFields = [] })
        }
      }
    },
  )

  order = ["Volume", "Freshness", "Duration", "Success rate", "Orphans", "Cost"]
  tiles = flatten([
    for word in local.order : [
      for title, query in local.queries : { title = title, query = query } if startswith(title, "${word}:")
    ]
  ])
}

resource "google_monitoring_dashboard" "dashboard" {
  project = var.project_id
  dashboard_json = jsonencode({
    displayName = var.name
    labels      = merge(var.labels, { component = "alerts" })
    mosaicLayout = {
      columns = 48
      tiles = [
        for place, tile in local.tiles : {
          xPos   = 16 * (place % 3)
          yPos   = 16 * floor(place / 3)
          width  = 16
          height = 16
          widget = {
            title   = tile.title
            xyChart = { dataSets = [{ plotType = "LINE", timeSeriesQuery = tile.query }] }
          }
        }
      ]
    }
  })
}
