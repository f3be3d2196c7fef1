# What the google provider asks of each API for the resources of this repository: https://cloud.google.com/iam/docs/permissions-reference
# Missing on purpose: everything that reads data (getData, objects.get, versions.access), and the changing of custom roles
# and of workload identity pools, by which an identity would give itself more. Who changes this module applies it in person.
locals {
  kinds = {
    "artifactregistry.repositories"   = { policy = true }
    "bigquery.datasets"               = { policy = true }
    "bigquery.tables"                 = {}
    "cloudscheduler.jobs"             = { more = ["cloudscheduler.jobs.enable", "cloudscheduler.jobs.pause"] }
    "dataform.repositories"           = { policy = true }
    "iam.serviceAccounts"             = { policy = true, more = ["iam.serviceAccounts.actAs"] }
    "logging.logMetrics"              = {}
    "monitoring.alertPolicies"        = {}
    "monitoring.dashboards"           = {}
    "monitoring.notificationChannels" = {}
    "pubsub.subscriptions"            = { policy = true }
    "pubsub.topics"                   = { policy = true, more = ["pubsub.topics.attachSubscription"] }
    "run.jobs"                        = { policy = true }
    "secretmanager.secrets"           = { policy = true }
    "storage.buckets"                 = { policy = true }
  }

  reads = sort(concat(
    flatten([for kind, has in local.kinds : [for verb in concat(["get", "list"], can(has.policy) ? ["getIamPolicy"] : []) : "${kind}.${verb}"]]),
    [
      "bigquery.transfers.get",
      "billing.resourcebudgets.read",
      "iam.roles.get",
      "iam.workloadIdentityPoolProviders.get",
      "iam.workloadIdentityPools.get",
      "resourcemanager.projects.get",
      "resourcemanager.projects.getIamPolicy",
      "run.operations.get",
      "serviceusage.services.get",
      "serviceusage.services.list",
    ],
  ))

  writes = sort(concat(
    flatten([
      for kind, has in local.kinds : concat(
        [for verb in concat(["create", "delete", "update"], can(has.policy) ? ["setIamPolicy"] : []) : "${kind}.${verb}"],
        try(has.more, []),
      )
    ]),
    ["bigquery.transfers.update", "billing.resourcebudgets.write", "serviceusage.services.enable"],
  ))
}
