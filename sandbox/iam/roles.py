"""Predefined roles, as far as modules and scripts grant them or tests of the sandbox use them.

Only permissions that the sandbox checks are listed. Every role has the page that was read on READ_ON. A page
that does not list the permissions describes what the role allows; `unverified` states what was concluded from
such a description. A role that is not in the table contains nothing.
"""

from dataclasses import dataclass

READ_ON = "2026-11-28"
RUN = "https://docs.cloud.google.com/iam/docs/roles-permissions/run"
RUN_PERMISSIONS = "https://cloud.google.com/run/docs/reference/iam/permissions"
STORAGE = "https://cloud.google.com/storage/docs/access-control/iam-roles"
STORAGE_LEGACY = (
    "https://docs.cloud.google.com/java/docs/reference/google-cloud-storage/latest/"
    "com.google.cloud.storage.StorageRoles"
)
SECRETS = "https://cloud.google.com/secret-manager/docs/access-control"
DATASETS = "https://cloud.google.com/bigquery/docs/access-control-basic-roles"
VIEWS = "https://cloud.google.com/bigquery/docs/information-schema-views"
JOBS = "https://cloud.google.com/bigquery/docs/jobs-overview"
BIGQUERY = "https://cloud.google.com/bigquery-transfer/docs/reference/access-control"
DATAFORM = "https://cloud.google.com/dataform/docs/access-control"
ACCOUNTS = "https://cloud.google.com/iam/docs/service-account-permissions"
PUBSUB = "https://cloud.google.com/pubsub/docs/access-control"
DESCRIBED = "the page was read up to the role's description; its list of permissions was not readable"

VERSIONS = "secretmanager.versions."
SECRET_VERSIONS = (
    f"{VERSIONS}add {VERSIONS}destroy {VERSIONS}disable {VERSIONS}enable {VERSIONS}get {VERSIONS}list"
)
READ_TABLES = "bigquery.datasets.get bigquery.tables.get bigquery.tables.list bigquery.tables.getData"
READ_ROUTINES = "bigquery.routines.get bigquery.routines.list"
WRITE_TABLES = (
    "bigquery.tables.create bigquery.tables.update bigquery.tables.updateData bigquery.tables.delete"
)
RUN_JOBS = "run.jobs.run run.executions.cancel"
RUN_READ = "run.jobs.get run.jobs.list run.executions.get run.executions.list run.operations.get"
DATAFORM_READ = """
dataform.repositories.get dataform.repositories.list dataform.repositories.fetchHistory
dataform.repositories.queryDirectoryContents dataform.repositories.readFile
dataform.releaseConfigs.get dataform.releaseConfigs.list dataform.workflowConfigs.get dataform.workflowConfigs.list
dataform.compilationResults.get dataform.compilationResults.list dataform.compilationResults.query
dataform.workflowInvocations.get dataform.workflowInvocations.list dataform.workflowInvocations.query
"""


@dataclass(frozen=True)
class Role:
    """permissions: separated by blanks; `service.*` is every permission of a service.
    unverified: why, and for which of them, no page could be read; "" if the page lists all of them.
    """

    permissions: str
    page: str
    unverified: str = ""

    def contains(self, permission: str) -> bool:
        listed = self.permissions.split()
        return permission in listed or f"{permission.split('.')[0]}.*" in listed


DATA_VIEWER = Role(f"{READ_TABLES} {READ_ROUTINES}", DATASETS)
DATA_EDITOR = Role(
    f"{READ_TABLES} {READ_ROUTINES} {WRITE_TABLES} bigquery.routines.create bigquery.routines.update "
    "bigquery.routines.delete",
    BIGQUERY,
    "the page states: read the dataset's metadata and list its tables; create, update, get and delete tables",
)
DATA_OWNER = Role(
    f"{DATA_EDITOR.permissions} bigquery.datasets.update bigquery.datasets.delete "
    "bigquery.tables.getIamPolicy bigquery.tables.setIamPolicy",
    "https://cloud.google.com/bigquery/docs/table-access-controls",
    "permissions on routines are concluded from dataEditor",
)

ROLES = {
    "roles/artifactregistry.reader": Role(
        "artifactregistry.repositories.get artifactregistry.repositories.list",
        "https://cloud.google.com/iam/docs/roles-permissions/artifactregistry",
        DESCRIBED,
    ),
    "roles/artifactregistry.writer": Role(
        "artifactregistry.repositories.get artifactregistry.repositories.list",
        "https://cloud.google.com/iam/docs/roles-permissions/artifactregistry",
        DESCRIBED,
    ),
    "roles/bigquery.admin": Role("bigquery.*", BIGQUERY),
    "roles/bigquery.dataEditor": DATA_EDITOR,
    "roles/bigquery.dataOwner": DATA_OWNER,
    "roles/bigquery.dataViewer": DATA_VIEWER,
    "roles/bigquery.jobUser": Role("bigquery.jobs.create", JOBS),
    "roles/bigquery.metadataViewer": Role(
        f"bigquery.datasets.get bigquery.tables.get bigquery.tables.list {READ_ROUTINES}",
        "https://cloud.google.com/bigquery/docs/information-schema-tables",
        "bigquery.datasets.get is concluded; the page names the others",
    ),
    "roles/bigquery.resourceViewer": Role(
        "bigquery.jobs.listAll", "https://cloud.google.com/bigquery/docs/information-schema-jobs"
    ),
    # The last two: https://cloud.google.com/bigquery/docs/restore-deleted-datasets.
    "roles/bigquery.user": Role(
        "bigquery.jobs.create bigquery.jobs.list bigquery.tables.list bigquery.datasets.create bigquery.datasets.get",
        JOBS,
    ),
    "roles/bigquerydatatransfer.serviceAgent": Role(
        "bigquery.jobs.create iam.serviceAccounts.getAccessToken logging.logEntries.create "
        "serviceusage.services.use",
        "https://cloud.google.com/iam/docs/roles-permissions/bigquerydatatransfer",
    ),
    "roles/dataform.admin": Role("dataform.*", DATAFORM),
    "roles/dataform.editor": Role(
        f"{DATAFORM_READ} dataform.compilationResults.create dataform.workflowInvocations.create "
        "dataform.workflowInvocations.cancel dataform.workflowInvocations.delete",
        DATAFORM,
        "the page describes it: edit access to workspaces, read-only access to repositories; "
        "https://cloud.google.com/dataform/docs/schedule-executions-workflows names it for compilation results "
        "and workflow invocations",
    ),
    "roles/dataform.viewer": Role(
        DATAFORM_READ, DATAFORM, "the page describes it: read-only access to all Dataform resources"
    ),
    "roles/iam.serviceAccountTokenCreator": Role(
        "iam.serviceAccounts.getAccessToken", ACCOUNTS, "the page states: creates OAuth 2.0 access tokens"
    ),
    "roles/iam.serviceAccountUser": Role("iam.serviceAccounts.actAs", ACCOUNTS),
    "roles/iam.workloadIdentityUser": Role(
        "iam.serviceAccounts.getAccessToken",
        ACCOUNTS,
        "no page was read",
    ),
    "roles/pubsub.admin": Role("pubsub.*", PUBSUB, DESCRIBED),
    "roles/pubsub.editor": Role(
        "pubsub.topics.publish pubsub.subscriptions.consume pubsub.topics.get pubsub.subscriptions.get",
        PUBSUB,
        DESCRIBED,
    ),
    "roles/pubsub.publisher": Role("pubsub.topics.publish", PUBSUB, DESCRIBED),
    "roles/pubsub.subscriber": Role("pubsub.subscriptions.consume", PUBSUB, DESCRIBED),
    "roles/run.admin": Role("run.*", RUN),
    "roles/run.developer": Role(
        f"{RUN_JOBS} run.jobs.runWithOverrides {RUN_READ} run.jobs.create run.jobs.update run.jobs.delete",
        RUN,
        "the page describes it: read and write access to all Cloud Run resources",
    ),
    "roles/run.invoker": Role(
        "run.jobs.run", RUN, "the page describes it: can invoke services and execute jobs"
    ),
    "roles/run.jobsExecutor": Role(RUN_JOBS, RUN, "the page describes it: can execute and cancel jobs"),
    "roles/run.jobsExecutorWithOverrides": Role(
        f"{RUN_JOBS} run.jobs.runWithOverrides",
        RUN,
        "the page describes it: can execute and cancel jobs with overrides",
    ),
    "roles/run.viewer": Role(
        f"{RUN_READ} run.jobs.getIamPolicy",
        RUN,
        "the page describes it: can view the state of all resources, including IAM policies",
    ),
    "roles/secretmanager.admin": Role("secretmanager.*", SECRETS),
    "roles/secretmanager.secretAccessor": Role(f"{VERSIONS}access", SECRETS),
    "roles/secretmanager.secretVersionAdder": Role(f"{VERSIONS}add", SECRETS),
    "roles/secretmanager.secretVersionManager": Role(SECRET_VERSIONS, SECRETS),
    "roles/secretmanager.viewer": Role(
        f"secretmanager.secrets.get secretmanager.secrets.getIamPolicy secretmanager.secrets.list {VERSIONS}get "
        f"{VERSIONS}list",
        SECRETS,
    ),
    "roles/storage.admin": Role("storage.*", STORAGE),
    "roles/storage.legacyBucketOwner": Role(
        "storage.buckets.get storage.buckets.update storage.buckets.getIamPolicy storage.buckets.setIamPolicy "
        "storage.objects.list storage.objects.create storage.objects.delete",
        STORAGE_LEGACY,
    ),
    "roles/storage.legacyBucketReader": Role("storage.buckets.get storage.objects.list", STORAGE_LEGACY),
    "roles/storage.legacyObjectOwner": Role(
        "storage.objects.get storage.objects.update storage.objects.getIamPolicy storage.objects.setIamPolicy",
        STORAGE_LEGACY,
    ),
    "roles/storage.objectUser": Role(
        "storage.objects.create storage.objects.delete storage.objects.get storage.objects.list "
        "storage.objects.move storage.objects.update",
        STORAGE,
        "list, move and update were cut off; the page describes it: create, view, list, update and delete objects",
    ),
    "roles/storage.objectViewer": Role("storage.objects.get storage.objects.list", STORAGE),
}

# Basic roles. roles/owner is every permission: https://cloud.google.com/iam/docs/roles-overview was not
# readable, so what Editor and Viewer contain beyond these is unverified.
OWNER = "roles/owner"
EDITOR_LACKS = (".setIamPolicy", "secretmanager.versions.access", "iam.serviceAccounts.getAccessToken")
VIEWER_VERBS = (".get", ".list", ".getIamPolicy")


def contains(role: str, permission: str) -> bool:
    """Whether a predefined role has the permission."""
    if role == OWNER:
        return True
    if role == "roles/editor":
        return not permission.endswith(EDITOR_LACKS)
    if role == "roles/viewer":
        return permission.endswith(VIEWER_VERBS)
    return role in ROLES and ROLES[role].contains(permission)
