"""Permissions that exist: a custom role can contain only these, and a method requires only these.

By the page that names them, read on 2026-11-28. A page that was readable in part only has the rest in
UNVERIFIED: permissions by analogy with those of the same kind, which no page that was read confirms.
"""

GET_SET = "getIamPolicy setIamPolicy"
CRUD = "create delete get list update"

PAGES: dict[str, dict[str, str]] = {
    "https://cloud.google.com/bigquery-transfer/docs/reference/access-control": {
        "bigquery.datasets": f"create delete get update link {GET_SET}",
        "bigquery.jobs": "create delete get list listAll update",
        "bigquery.models": "create delete export getData getMetadata list updateData updateMetadata",
        "bigquery.transfers": "get update",
    },
    "https://docs.cloud.google.com/bigquery/docs/table-access-controls-intro": {
        "bigquery.tables": GET_SET,
        "bigquery.routines": GET_SET,
    },
    "https://cloud.google.com/bigquery/docs/information-schema-tables": {
        "bigquery.tables": "get list",
        "bigquery.routines": "get list",
    },
    "https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv": {"bigquery.tables": "create"},
    "https://cloud.google.com/dataform/docs/access-control": {
        "dataform.compilationResults": "create get list query",
        "dataform.releaseConfigs": CRUD,
        "dataform.repositories": f"commit {CRUD} fetchHistory {GET_SET} queryDirectoryContents readFile",
        "dataform.workflowConfigs": CRUD,
        "dataform.workflowInvocations": "cancel create delete get list query",
    },
    "https://cloud.google.com/dataproc-serverless/docs/concepts/iam": {
        "dataproc.batches": "cancel create delete get list",
        "dataproc.operations": f"cancel delete get list {GET_SET}",
    },
    "https://docs.cloud.google.com/dataform/reference/rest/v1/projects.locations.repositories.workspaces": {
        "dataform.workspaces": "delete removeFile writeFile",
    },
    "https://cloud.google.com/run/docs/reference/iam/permissions": {
        "run.executions": "cancel delete get list",
        "run.jobs": f"{CRUD} {GET_SET} run runWithOverrides",
        "run.tasks": "get list",
    },
    "https://cloud.google.com/secret-manager/docs/access-control": {
        "secretmanager.secrets": f"{CRUD} {GET_SET}",
        "secretmanager.versions": "access add destroy disable enable get list",
    },
    "https://cloud.google.com/storage/docs/access-control/iam-permissions": {
        "storage.buckets": f"{CRUD} {GET_SET}"
    },
    "https://cloud.google.com/storage/docs/access-control/iam-json": {
        "storage.anywhereCaches": "get list",
        "storage.objects": f"{CRUD} {GET_SET}",
    },
    "https://cloud.google.com/scheduler/docs/access-control": {
        "cloudscheduler.jobs": f"{CRUD} enable fullView pause run",
    },
    "https://cloud.google.com/iam/docs/roles-permissions/logging": {
        "logging.logMetrics": CRUD,
        "logging.notificationRules": CRUD,
        "logging.logEntries": "create list route",
    },
    "https://cloud.google.com/monitoring/access-control": {"monitoring.alertPolicies": "create delete"},
    "https://cloud.google.com/service-usage/docs/access-control": {
        "serviceusage.services": "disable enable get list use",
    },
    "https://cloud.google.com/billing/docs/how-to/budget-api-access-control": {
        "billing.resourcebudgets": "read",
        "billing.budgets": "get list",
    },
    "https://cloud.google.com/resource-manager/docs/access-control-proj": {
        "resourcemanager.projects": f"get {GET_SET}",
    },
    "https://cloud.google.com/iam/docs/service-account-permissions": {"iam.serviceAccounts": "actAs"},
    "https://cloud.google.com/iam/docs/roles-permissions/bigquerydatatransfer": {
        "iam.serviceAccounts": "getAccessToken",
    },
    "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools": {
        "iam.workloadIdentityPools": "delete undelete",
    },
    "https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories/delete": {
        "artifactregistry.repositories": "delete",
    },
    "https://cloud.google.com/artifact-registry/docs/repositories/list-repos": {
        "artifactregistry.repositories": "get list",
    },
    "https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy": {
        "artifactregistry.repositories": "update",
    },
    "https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/delete": {"bigquery.tables": "delete"},
    "https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/patch": {"bigquery.tables": "update"},
    "https://cloud.google.com/iam/docs/role-recommendations": {"iam.roles": "get"},
    "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/get": {
        "iam.workloadIdentityPools": "get",
    },
    "https://cloud.google.com/iam/docs/reference/rest/v1beta/projects.locations.workloadIdentityPools.providers/get": {
        "iam.workloadIdentityPoolProviders": "get",
    },
    "https://cloud.google.com/iam/docs/roles-permissions/monitoring": {
        "monitoring.alertPolicies": "get list update",
        "monitoring.dashboards": CRUD,
    },
    "https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels": {
        "monitoring.notificationChannels": "delete list",
    },
    "https://cloud.google.com/pubsub/docs/access-control": {"pubsub.subscriptions": "consume"},
    "https://cloud.google.com/pubsub/docs/delete-subscriptions": {
        "pubsub.subscriptions": f"{CRUD} {GET_SET}",
        "pubsub.topics": "attachSubscription",
    },
    "https://cloud.google.com/pubsub/docs/delete-topic": {"pubsub.topics": f"{CRUD} {GET_SET}"},
}

# No page that was readable names these. Most follow the pattern of the permissions beside them.
UNVERIFIED: dict[str, str] = {
    "artifactregistry.repositories": f"create {GET_SET}",
    "bigquery.routines": "create delete update",
    "bigquery.rowAccessPolicies": f"create delete list update {GET_SET}",  # the transfer page lists some
    "bigquery.tables": "export getData updateData",
    "billing.resourcebudgets": "write",
    "compute.firewalls": CRUD,
    "compute.globalOperations": "get",
    "compute.networks": f"{CRUD} updatePolicy",
    "compute.regionOperations": "get",
    "compute.subnetworks": CRUD,
    "dataform.workspaces": "create",
    "iam.roles": "create delete list undelete update",
    "iam.serviceAccounts": f"{CRUD} {GET_SET}",
    "iam.workloadIdentityPoolProviders": "create delete list undelete update",
    "iam.workloadIdentityPools": "create list update",
    "monitoring.notificationChannels": "create get update",
    "pubsub.topics": "publish",
    "run.operations": "get",
    "storage.objects": "move",
}


def expand(table: dict[str, str]) -> set[str]:
    return {f"{kind}.{verb}" for kind, verbs in table.items() for verb in verbs.split()}


EXISTING: frozenset[str] = frozenset().union(*map(expand, PAGES.values()), expand(UNVERIFIED))
