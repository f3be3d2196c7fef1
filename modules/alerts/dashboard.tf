locals {
  measured = { for name, metric in google_logging_metric.metrics : name => "resource.type=\"cloud_run_job\" AND metric.type=\"logging.googleapis.com/user/${metric.name}\"" }
  ended    = "resource.type=\"cloud_run_job\" AND metric.type=\"run.googleapis.com/job/completed_execution_count\""

  # A distribution's mean: a load, a step and a measurement each leave one value.
  means = {
    "Volume: rows a load brought"                    = { metric = "connector/rows", group = ["metric.label.endpoint"] }
    "Freshness: minutes since the newest sales came" = { metric = "pipeline/age_minutes", group = [] }
    "Duration: seconds a step took"                  = { metric = "pipeline/seconds", group = ["metric.label.step"] }
    "Orphans: part of the sale lines"                = { metric = "pipeline/orphan_rate", group = [] }
  }

  queries = merge(
    {
      for title, mean in local.means : title => {
        timeSeriesFilter = {
          filter      = local.measured[mean.metric]
          aggregation = { alignmentPeriod = "3600s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_MEAN", groupByFields = mean.group }
        }
      }
    },
    {
      "Success rate: executions that ended well" = {
        timeSeriesFilterRatio = {
          for part, filter in { numerator = "${local.ended} AND metric.labels.result=\"succeeded\"", denominator = local.ended } : part => {
            filter                        = filter
            aggregation                   = { alignmentPeriod = "86400s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_SUM", groupByFields = ["resource.label.job_name"] }
          }
        }
      }
      "Cost: bytes that queries were billed for" = {
        timeSeriesFilter = {
          filter      = "resource.type=\"bigquery_project\" AND metric.type=\"bigquery.googleapis.com/query/statement_scanned_bytes_billed\""
          aggregation = { alignmentPeriod = "86400s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_SUM", groupByFields = [] }
        }
      }
    },
  )

  order = ["Volume", "Freshness", "Duration", "Success rate", "Orphans", "Cost"]
  tiles = flatten([for word in local.order : [for title, query in local.queries : { title = title, query = query } if startswith(title, "${word}:")]])
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
