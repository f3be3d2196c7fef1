"""The permissions that a method requires, by the id of the method in Google's discovery documents.

Most ids name their permission: pubsub.projects.topics.create requires pubsub.topics.create on the resource in
the path. "In general, each REST method in an API has an associated permission"
(https://cloud.google.com/monitoring/access-control). The tables have the others.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sandbox.discovery.documents import Json, Method

VERBS = {"patch": "update", "insert": "create"}


class Requirement(NamedTuple):
    """A permission, and the resource on which it is required, as the path of the API names it."""

    permission: str
    resource: str


# Methods without a permission of their own. testIamPermissions: https://cloud.google.com/storage/docs/access-control/iam-json.
# Lists of datasets and projects contain only what the caller may see, and here everything.
# A job belongs to its creator, who may read it: https://cloud.google.com/bigquery/docs/jobs-overview.
OPEN = {
    "bigquery.datasets.list",
    "bigquery.projects.list",
    "bigquery.projects.getServiceAccount",
    "iam.projects.locations.workloadIdentityPools.listAttestationRules",
    "iam.projects.locations.workloadIdentityPools.operations.get",
    "iam.projects.locations.operations.get",
    "serviceusage.operations.get",
}
JOBS = "bigquery.jobs.create"
# The permission of a method whose id does not name it. storage:
# https://cloud.google.com/storage/docs/access-control/iam-json; pubsub:
# https://cloud.google.com/pubsub/docs/access-control; budgets of one project:
# https://cloud.google.com/billing/docs/how-to/budget-api-access-control; transfers:
# https://docs.cloud.google.com/bigquery/docs/dts-authentication-authorization
NAMED = {
    "bigquery.jobs.cancel": JOBS,
    "bigquery.jobs.get": JOBS,
    "bigquery.jobs.getQueryResults": JOBS,
    "bigquery.jobs.insert": JOBS,
    "bigquery.jobs.query": JOBS,
    "bigquery.models.get": "bigquery.models.getMetadata",
    "bigquery.models.patch": "bigquery.models.updateMetadata",
    "bigquery.rowAccessPolicies.batchDelete": "bigquery.rowAccessPolicies.delete",
    "bigquery.rowAccessPolicies.get": "bigquery.rowAccessPolicies.list",
    "bigquery.tabledata.insertAll": "bigquery.tables.updateData",
    "bigquery.tabledata.list": "bigquery.tables.getData",
    "cloudbilling.projects.getBillingInfo": "resourcemanager.projects.get",
    "cloudresourcemanager.projects.get": "resourcemanager.projects.get",
    "cloudresourcemanager.projects.getIamPolicy": "resourcemanager.projects.getIamPolicy",
    "cloudresourcemanager.projects.setIamPolicy": "resourcemanager.projects.setIamPolicy",
    "cloudscheduler.projects.locations.jobs.resume": "cloudscheduler.jobs.enable",
    "pubsub.projects.subscriptions.acknowledge": "pubsub.subscriptions.consume",
    "pubsub.projects.subscriptions.modifyAckDeadline": "pubsub.subscriptions.consume",
    "pubsub.projects.subscriptions.pull": "pubsub.subscriptions.consume",
    "secretmanager.projects.secrets.addVersion": "secretmanager.versions.add",
    "serviceusage.services.batchEnable": "serviceusage.services.enable",
    "serviceusage.services.generateServiceIdentity": "serviceusage.services.enable",
    "storage.buckets.getStorageLayout": "storage.objects.list",
    "storage.objects.copy": "storage.objects.get",
    "storage.objects.compose": "storage.objects.create",
    "storage.objects.rewrite": "storage.objects.get",
}
# Kinds whose permissions have another name than their collection.
KINDS = {
    "bigquerydatatransfer.transferConfigs": "bigquery.transfers",
    "bigquerydatatransfer.runs": "bigquery.transfers",
    "bigquerydatatransfer.transferLogs": "bigquery.transfers",
    "billingbudgets.budgets": "billing.resourcebudgets",
    "iam.providers": "iam.workloadIdentityPoolProviders",
    "logging.metrics": "logging.logMetrics",
}
READ_WRITE = {"bigquery.transfers": ("get", "update"), "billing.resourcebudgets": ("read", "write")}


def permission(method: Method) -> str:
    """The main permission of a method; "" for one that anyone may call."""
    if method.id in OPEN or method.name == "testIamPermissions":
        return ""
    if method.id in NAMED:
        return NAMED[method.id]
    service, *_, collection, verb = method.id.split(".")
    kind = KINDS.get(f"{service}.{collection}", f"{service}.{collection}")
    if kind in READ_WRITE:
        read, write = READ_WRITE[kind]
        return f"{kind}.{read if method.http == 'GET' else write}"
    return f"{kind}.{VERBS.get(verb, verb)}"


def requirements(method: Method, resource: str, body: Json) -> Iterator[Requirement]:
    """Everything that a request requires; `resource` is a name with the id of the project."""
    if name := permission(method):
        # roles/run.invoker starts a job only as declared: see Cloud Run in docs/reference/traps.md.
        if method.id == "run.projects.locations.jobs.run" and body.get("overrides"):
            name = "run.jobs.runWithOverrides"
        yield Requirement(name, resource)
    if method.id == "pubsub.projects.subscriptions.create" and body.get("topic"):
        yield Requirement("pubsub.topics.attachSubscription", body["topic"])
    # https://cloud.google.com/dataproc-serverless/docs/concepts/iam: to cancel a batch's operation
    if method.id == "dataproc.projects.locations.operations.cancel":
        yield Requirement("dataproc.batches.cancel", resource)
    if method.id.startswith("monitoring.projects.alertPolicies.") and matches_log(body):
        verb = VERBS.get(method.name, method.name)
        yield Requirement(f"logging.notificationRules.{verb}", "/".join(resource.split("/")[:2]))
    if account := attached_account(method, body):
        project = "/".join(resource.split("/")[:2])
        yield Requirement("iam.serviceAccounts.actAs", f"{project}/serviceAccounts/{account}")


def matches_log(policy: Json) -> bool:
    """An alert on log lines is also a notification rule of Cloud Logging."""
    return any("conditionMatchedLog" in condition for condition in policy.get("conditions", []))


def attached_account(method: Method, body: Json) -> str:
    """The service account that a new or changed resource runs as: its creator must be allowed to act as it.

    https://cloud.google.com/iam/docs/service-account-permissions
    """
    if method.name not in ("create", "patch"):
        return ""
    account = ""
    match method.id.rsplit(".", 1)[0]:
        case "run.projects.locations.jobs":
            account = body.get("template", {}).get("template", {}).get("serviceAccount", "")
        case "cloudscheduler.projects.locations.jobs":
            target = body.get("httpTarget", {})
            account = (target.get("oauthToken") or target.get("oidcToken") or {}).get(
                "serviceAccountEmail", ""
            )
        case "dataproc.projects.locations.batches":
            execution = body.get("environmentConfig", {}).get("executionConfig", {})
            account = execution.get("serviceAccount", "")
        case "dataform.projects.locations.repositories":
            account = body.get("serviceAccount", "")
    return str(account)
