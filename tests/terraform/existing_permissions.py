"""The permissions of delivery's custom roles, and the pages of Google's documentation that name them.

Each page was read on 2026-11-28, in a stored copy that may be older, and names every permission under it.
"""

from typing import Final


def _of(kind: str, verbs: str) -> set[str]:
    """kind: "service.resources"; verbs: separated by spaces."""
    return {f"{kind}.{verb}" for verb in verbs.split()}


_DOCS: Final = "https://cloud.google.com"
_POLICY: Final = "getIamPolicy setIamPolicy"
_CRUD: Final = "create delete get list update"

VERIFIED: Final[dict[str, set[str]]] = {
    f"{_DOCS}/artifact-registry/docs/reference/rpc/google.devtools.artifactregistry.v1beta1": _of(
        "artifactregistry.repositories", "create"
    ),
    f"{_DOCS}/artifact-registry/docs/reference/rest/v1/projects.locations.repositories/delete": _of(
        "artifactregistry.repositories", "delete"
    ),
    f"{_DOCS}/artifact-registry/docs/repositories/list-repos": _of(
        "artifactregistry.repositories", "get list"
    ),
    f"{_DOCS}/artifact-registry/docs/repositories/cleanup-policy": _of(
        "artifactregistry.repositories", "update"
    ),
    # It spells out bigquery.datasets.*, without a bigquery.datasets.list.
    f"{_DOCS}/bigquery/docs/access-control": _of("bigquery.datasets", f"create delete get update {_POLICY}"),
    f"{_DOCS}/bigquery/docs/reference/rest/v2/tables/insert": _of("bigquery.tables", "create"),
    f"{_DOCS}/bigquery/docs/reference/rest/v2/tables/delete": _of("bigquery.tables", "delete"),
    f"{_DOCS}/bigquery/docs/reference/rest/v2/tables/patch": _of("bigquery.tables", "get update"),
    f"{_DOCS}/bigquery/docs/view-metadata": _of("bigquery.tables", "list"),
    f"{_DOCS}/bigquery-transfer/docs/reference/access-control": _of("bigquery.transfers", "get update"),
    f"{_DOCS}/billing/docs/how-to/budget-api-access-control": _of("billing.resourcebudgets", "read")
    | _of("resourcemanager.projects", "get"),
    f"{_DOCS}/scheduler/docs/access-control": _of("cloudscheduler.jobs", f"{_CRUD} enable pause"),
    f"{_DOCS}/dataform/docs/access-control": _of("dataform.compilationResults", "create get list query")
    | _of("dataform.releaseConfigs", _CRUD)
    | _of("dataform.repositories", f"{_CRUD} {_POLICY} commit fetchHistory queryDirectoryContents readFile"),
    f"{_DOCS}/iam/docs/role-recommendations": _of("iam.roles", "get"),
    f"{_DOCS}/iam/docs/service-account-permissions": _of("iam.serviceAccounts", "actAs"),
    f"{_DOCS}/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/get": _of(
        "iam.workloadIdentityPools", "get"
    ),
    f"{_DOCS}/iam/docs/reference/rest/v1beta/projects.locations.workloadIdentityPools.providers/get": _of(
        "iam.workloadIdentityPoolProviders", "get"
    ),
    f"{_DOCS}/iam/docs/roles-permissions/logging": _of("logging.logMetrics", _CRUD),
    f"{_DOCS}/iam/docs/roles-permissions/monitoring": _of("monitoring.alertPolicies", _CRUD)
    | _of("monitoring.dashboards", _CRUD),
    f"{_DOCS}/monitoring/api/ref_v3/rest/v3/projects.notificationChannels/delete": _of(
        "monitoring.notificationChannels", "delete"
    ),
    f"{_DOCS}/monitoring/api/ref_v3/rest/v3/projects.notificationChannels/list": _of(
        "monitoring.notificationChannels", "list"
    ),
    f"{_DOCS}/pubsub/docs/delete-subscriptions": _of("pubsub.subscriptions", f"{_CRUD} {_POLICY}")
    | _of("pubsub.topics", "attachSubscription"),
    f"{_DOCS}/pubsub/docs/delete-topic": _of("pubsub.topics", f"{_CRUD} {_POLICY}"),
    f"{_DOCS}/resource-manager/reference/rest/v1/projects/getIamPolicy": _of(
        "resourcemanager.projects", "getIamPolicy"
    ),
    f"{_DOCS}/run/docs/reference/iam/permissions": _of("run.jobs", f"{_CRUD} {_POLICY}"),
    f"{_DOCS}/secret-manager/docs/access-control": _of("secretmanager.secrets", f"{_CRUD} {_POLICY}"),
    f"{_DOCS}/service-usage/docs/access-control": _of("serviceusage.services", "enable get list use"),
    f"{_DOCS}/storage/docs/access-control/iam-permissions": _of("storage.buckets", f"{_CRUD} {_POLICY}"),
}

# No page that could be read names these: it states no permission for the method, or its copy ends before them.
# They are believed to exist; an apply in a project would confirm them.
UNVERIFIED: Final[tuple[str, ...]] = (
    "artifactregistry.repositories.getIamPolicy",
    "artifactregistry.repositories.setIamPolicy",
    "billing.resourcebudgets.write",  # the text of budget-api-access-control ended before CreateBudget
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.delete",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.list",
    "iam.serviceAccounts.setIamPolicy",
    "iam.serviceAccounts.update",
    "logging.notificationRules.create",
    "logging.notificationRules.delete",
    "logging.notificationRules.get",
    "logging.notificationRules.list",
    "logging.notificationRules.update",
    "monitoring.notificationChannels.create",
    "monitoring.notificationChannels.get",
    "monitoring.notificationChannels.update",
    "resourcemanager.projects.setIamPolicy",
    "run.operations.get",  # /run/docs/reference/iam/roles has run.operations.* and does not spell it out
)

LISTED: Final[frozenset[str]] = frozenset(UNVERIFIED).union(*VERIFIED.values())
