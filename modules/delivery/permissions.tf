# Permissions that the google provider and scripts/release need for the resources of this repository:
# https://cloud.google.com/iam/docs/permissions-reference. A test fails for one that does not exist
# (tests/terraform/test_plan.py), and names the list with the page of each.
# Missing on purpose: what reads data (getData, objects.get, versions.access), and changes of custom roles and
# workload identity pools, by which an identity would give itself more. A person applies changes of this module.
locals {
  networks = var.has_networks ? {
    "compute.firewalls"   = {}
    "compute.networks"    = { more = ["compute.networks.updatePolicy"] } # for firewalls
    "compute.subnetworks" = {}
  } : {}
  operations = var.has_networks ? ["compute.globalOperations.get", "compute.regionOperations.get"] : []

  kinds = merge(local.networks, {
    "artifactregistry.repositories"   = { policy = true }
    "bigquery.datasets"               = { policy = true, list = false } # bigquery.datasets.list does not exist
    "bigquery.tables"                 = { policy = true }               # of one table: ops.releases
    "cloudscheduler.jobs"             = { more = ["cloudscheduler.jobs.enable", "cloudscheduler.jobs.pause"] }
    "dataform.releaseConfigs"         = {} # scripts/release; roles/dataform.editor may only read them
    "dataform.repositories"           = { policy = true, more = ["dataform.repositories.commit"] }
    "iam.serviceAccounts"             = { policy = true, more = ["iam.serviceAccounts.actAs"] }
    "logging.logMetrics"              = {}
    "logging.notificationRules"       = {} # for alerts on log lines, beside monitoring.alertPolicies
    "monitoring.alertPolicies"        = {}
    "monitoring.dashboards"           = {}
    "monitoring.notificationChannels" = {}
    "pubsub.subscriptions"            = { policy = true }
    "pubsub.topics"                   = { policy = true, more = ["pubsub.topics.attachSubscription"] }
    "run.jobs"                        = { policy = true }
    "secretmanager.secrets"           = { policy = true }
    "storage.buckets"                 = { policy = true }
  })

  reads = sort(concat(
    flatten([
      for kind, has in local.kinds : [
        for verb in concat(["get"], try(has.list, true) ? ["list"] : [], can(has.policy) ? ["getIamPolicy"] : []) :
        "${kind}.${verb}"
      ]
    ]),
    local.operations,
    [
      "bigquery.transfers.get",
      "billing.resourcebudgets.read",
      "dataform.compilationResults.get",
      "dataform.compilationResults.list",
      "iam.roles.get",
      "iam.workloadIdentityPoolProviders.get",
      "iam.workloadIdentityPools.get",
      "resourcemanager.projects.get",
      "resourcemanager.projects.getIamPolicy",
      "run.operations.get",
      "serviceusage.services.get",
      "serviceusage.services.list",
      "serviceusage.services.use", # scripts/deploy charges requests to the project
    ],
  ))

  writes = sort(concat(
    flatten([
      for kind, has in local.kinds : concat(
        [for verb in ["create", "delete", "update"] : "${kind}.${verb}"],
        can(has.policy) ? ["${kind}.setIamPolicy"] : [],
        try(has.more, []),
      )
    ]),
    [
      "bigquery.transfers.update",
      "billing.resourcebudgets.write",
      "dataform.compilationResults.create",
      "dataform.compilationResults.query",
      "dataform.repositories.fetchHistory",
      "dataform.repositories.queryDirectoryContents",
      "dataform.repositories.readFile",
      "serviceusage.services.enable",
    ],
  ))

  # Of scripts/rehearse: the folder is compiled in a workspace, a copy that is not released.
  rehearses = sort(concat(
    [for verb in ["create", "delete", "removeFile", "writeFile"] : "dataform.workspaces.${verb}"],
    [for verb in ["create", "get", "query"] : "dataform.compilationResults.${verb}"],
    [for verb in ["fetchHistory", "get", "queryDirectoryContents", "readFile"] : "dataform.repositories.${verb}"],
    ["run.operations.get", "serviceusage.services.use"],
  ))
}
