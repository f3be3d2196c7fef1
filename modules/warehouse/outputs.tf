output "datasets" {
  description = "Full id of each dataset, by name; available after all grants."
  value = merge(
    { for name, dataset in google_bigquery_dataset.datasets : name => dataset.id },
    { for name, dataset in google_bigquery_dataset.authorizing : name => dataset.id },
  )
  depends_on = [
    google_bigquery_table_iam_member.editors,
    google_bigquery_table_iam_member.readers,
    google_project_iam_member.job_users,
    google_project_iam_member.job_viewers,
  ]
}

output "tables" {
  description = "Tables that Terraform owns, as dataset.table."
  value       = sort(keys(google_bigquery_table.tables))
}
