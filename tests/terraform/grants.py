"""Every grant of the platform: (identity, resource, role without roles/). An unlisted grant fails a test.

Groups have the prefix `group:`, Google's service agents `agent:`. Roles that begin with delivery_ are custom
roles of modules/delivery."""

import re
from typing import Any

from scripts.deploy.grants import Grant, read_grants

CONNECTOR, PIPELINE, RUNNER, SCHEDULER, SHEETS, ROTATION, QUERIES, RESTORE, PLAN, APPLY, REHEARSER = (
    "connector",
    "pipeline",
    "dataform-runner",
    "scheduler",
    "sheets-sync",
    "key-rotation",
    "scheduled-queries",
    "restore",
    "delivery-plan",
    "delivery-apply",
    "delivery-rehearse",
)
REHEARSE, CANDIDATE = "rehearse", "dataform-rehearsal"
DATASETS = ("raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging")
CLONES = ("ods_rehearsal", "dmt_rehearsal", "assertions_rehearsal")
OWNERS = {("projectOwners", f"dataset {name}", "bigquery.dataOwner") for name in (*DATASETS, *CLONES)} | {
    ("projectOwner", "bucket", f"storage.legacy{kind}Owner") for kind in ("Bucket", "Object")
}
# A rollback by the pipeline sets the images; an updater of a job acts as its identity.
JOBS = {CONNECTOR, PIPELINE, SHEETS, ROTATION, RESTORE, REHEARSE, "report"}
IMAGES = {(RESTORE, f"job {job}", "run.developer") for job in JOBS} | {
    (RESTORE, f"identity {job}", "iam.serviceAccountUser") for job in JOBS
}
GRANTS = (
    OWNERS
    | IMAGES
    | {
        (CONNECTOR, "project", "bigquery.jobUser"),
        (CONNECTOR, "bucket", "storage.objectUser"),
        (CONNECTOR, "dataset raw", "bigquery.dataEditor"),
        (CONNECTOR, "dataset staging", "bigquery.dataEditor"),
        (CONNECTOR, "dataset ops", "bigquery.dataEditor"),
        (CONNECTOR, "secret retail-api-key", "secretmanager.secretAccessor"),
        (PIPELINE, "bucket pipeline/", "storage.objectUser"),
        (PIPELINE, "job connector", "run.jobsExecutorWithOverrides"),
        (PIPELINE, "job connector", "run.viewer"),
        (PIPELINE, "job sheets-sync", "run.jobsExecutorWithOverrides"),
        (PIPELINE, "job sheets-sync", "run.viewer"),
        (PIPELINE, "job report", "run.jobsExecutorWithOverrides"),
        (PIPELINE, "job report", "run.viewer"),
        (PIPELINE, "job pipeline", "run.viewer"),
        (PIPELINE, "repository warehouse", "dataform.editor"),
        (PIPELINE, "identity dataform-runner", "iam.serviceAccountUser"),
        (PIPELINE, "project", "bigquery.jobUser"),
        (PIPELINE, "dataset ops", "bigquery.dataEditor"),
        (PIPELINE, "dataset ods", "bigquery.metadataViewer"),
        (PIPELINE, "dataset dmt", "bigquery.metadataViewer"),
        ("agent:dataform", "identity dataform-runner", "iam.serviceAccountUser"),
        ("agent:dataform", "identity dataform-runner", "iam.serviceAccountTokenCreator"),
        (RUNNER, "project", "bigquery.jobUser"),
        (RUNNER, "dataset raw", "bigquery.dataViewer"),
        (RUNNER, "dataset ops", "bigquery.dataEditor"),
        (RUNNER, "dataset ods", "bigquery.dataEditor"),
        (RUNNER, "dataset dmt", "bigquery.dataEditor"),
        (RUNNER, "dataset assertions", "bigquery.dataEditor"),
        ("views of dataset dmt", "dataset ods", "read"),
        ("report", "project", "bigquery.jobUser"),
        ("report", "dataset ops", "bigquery.dataViewer"),
        ("report", "repository warehouse", "dataform.viewer"),
        ("report", "bucket of pages", "storage.objectUser"),
        (SCHEDULER, "job pipeline", "run.jobsExecutorWithOverrides"),
        (SCHEDULER, "job key-rotation", "run.jobsExecutor"),
        (SHEETS, "project", "bigquery.jobUser"),
        (SHEETS, "dataset dmt", "bigquery.dataViewer"),
        (SHEETS, "dataset ops", "bigquery.dataEditor"),
        ("agent:secretmanager", "topic secret-rotation", "pubsub.publisher"),
        (ROTATION, "subscription secret-rotation", "pubsub.subscriber"),
        (ROTATION, "secret retail-api-key", "secretmanager.secretAccessor"),
        (ROTATION, "secret retail-api-key", "secretmanager.secretVersionManager"),
        ("agent:bigquerydatatransfer", "topic scheduled-query-runs", "pubsub.publisher"),
        ("agent:bigquerydatatransfer", "identity scheduled-queries", "iam.serviceAccountTokenCreator"),
        ("agent:bigquerydatatransfer", "project", "bigquerydatatransfer.serviceAgent"),
        (QUERIES, "project", "bigquery.jobUser"),
        (QUERIES, "project", "bigquery.resourceViewer"),
        (QUERIES, "dataset ods", "bigquery.dataViewer"),
        (QUERIES, "dataset ops", "bigquery.dataEditor"),
        (QUERIES, "dataset snapshots", "bigquery.dataEditor"),
        (RESTORE, "project", "bigquery.jobUser"),
        (RESTORE, "dataset raw", "bigquery.dataEditor"),
        (RESTORE, "dataset ods", "bigquery.dataEditor"),
        (RESTORE, "dataset dmt", "bigquery.dataEditor"),
        (RESTORE, "dataset ops", "bigquery.dataEditor"),
        (RESTORE, "bucket", "storage.objectUser"),
        (RESTORE, "job pipeline", "run.viewer"),
        (RESTORE, "job restore", "run.viewer"),
        (PIPELINE, "job restore", "run.viewer"),
        (PIPELINE, "job restore", "run.jobsExecutorWithOverrides"),
        (RESTORE, "repository warehouse", "dataform.admin"),
        (REHEARSE, "project", "bigquery.jobUser"),
        (REHEARSE, "dataset ods", "bigquery.dataViewer"),
        (REHEARSE, "dataset dmt", "bigquery.dataViewer"),
        (REHEARSE, "table ops.releases", "bigquery.dataEditor"),
        (REHEARSE, "repository warehouse", "dataform.editor"),
        (REHEARSE, "identity dataform-rehearsal", "iam.serviceAccountUser"),
        (CANDIDATE, "project", "bigquery.jobUser"),
        (CANDIDATE, "dataset raw", "bigquery.dataViewer"),
        (CANDIDATE, "dataset ops", "bigquery.dataViewer"),
        ("agent:dataform", "identity dataform-rehearsal", "iam.serviceAccountUser"),
        ("agent:dataform", "identity dataform-rehearsal", "iam.serviceAccountTokenCreator"),
        *(
            (member, f"dataset {name}", "bigquery.dataEditor")
            for member in (REHEARSE, CANDIDATE)
            for name in CLONES
        ),
        (REHEARSER, "project", "delivery_rehearse"),
        (REHEARSER, "project", "bigquery.jobUser"),
        (REHEARSER, "state", "storage.objectViewer"),
        (REHEARSER, "state rehearsal/lease.json", "storage.objectUser"),
        (REHEARSER, "table ops.releases", "bigquery.dataViewer"),
        (REHEARSER, "job rehearse", "run.jobsExecutorWithOverrides"),
        (REHEARSER, "job rehearse", "run.viewer"),
        ("every branch", "identity delivery-plan", "iam.workloadIdentityUser"),
        (PLAN, "project", "delivery_plan"),
        (PLAN, "state", "storage.objectViewer"),
        (PLAN, "state *.tflock", "storage.objectUser"),
        ("push on main", "identity delivery-apply", "iam.workloadIdentityUser"),
        ("workflow_dispatch on main", "identity delivery-apply", "iam.workloadIdentityUser"),
        (APPLY, "project", "delivery_apply"),
        (APPLY, "project, only what is declared", "delivery_grant"),
        (APPLY, "state", "storage.objectUser"),
        (APPLY, "project", "bigquery.jobUser"),
        (APPLY, "table ops.releases", "bigquery.dataEditor"),
        (APPLY, "job restore", "run.jobsExecutorWithOverrides"),
        (APPLY, "job restore", "run.viewer"),
        (APPLY, "registry jobs", "artifactregistry.writer"),
        (APPLY, "repository warehouse", "dataform.editor"),
        (APPLY, "identity dataform-runner", "iam.serviceAccountUser"),
    }
)
# Who may rehearse: pull requests only where data is not protected.
REHEARSING = {
    "local": {("every branch", "identity delivery-rehearse", "iam.workloadIdentityUser")},
    "dev": {("every branch", "identity delivery-rehearse", "iam.workloadIdentityUser")},
    "prod": {("code of main", "identity delivery-rehearse", "iam.workloadIdentityUser")},
}
NOTICE_GRANTS = {
    (SHEETS, "secret smtp-password", "secretmanager.secretAccessor"),
    (SHEETS, "secret webhook-secret", "secretmanager.secretAccessor"),
    ("report", "secret smtp-password", "secretmanager.secretAccessor"),
    ("report", "table ops.notice_log", "bigquery.dataEditor"),
}
ANALYSTS = {
    ("group:analysts", "project", "bigquery.jobUser"),
    ("group:analysts", "dataset dmt", "bigquery.dataViewer"),
}
ENGINEERS = {
    ("group:data-engineers", "project", "bigquery.jobUser"),
    ("group:data-engineers", "bucket of pages", "storage.objectViewer"),
} | {("group:data-engineers", f"dataset {name}", "bigquery.dataViewer") for name in DATASETS}


def planned_grants(plan):
    """The grants of a plan, in the form above."""
    return {
        (
            short_member(grant.member),
            short_resource(grant, resource["values"]),
            grant.role.split("roles/")[-1],
        )
        for resource in planned_resources(plan)
        for grant in read_grants(resource["values"])
    }


def short_member(member):
    kind, _, address = member.partition(":")
    if kind == "principalSet":
        run = re.fullmatch(r".+/attribute\.deployment/\d+:[a-z]+:(\w+):refs/heads/(.+)", member)
        every = re.search(r"repository_id/\d+$", member)
        if source := re.search(r"/attribute\.source/\d+:refs/heads/(.+)", member):
            return f"code of {source[1]}"
        return f"{run[1]} on {run[2]}" if run else "every branch" if every else member
    name, _, domain = address.partition("@")
    if kind in ("group", "projectOwner"):
        return f"group:{name}" if kind == "group" else kind
    agent = re.fullmatch(r"gcp-sa-(.+)\.iam\.gserviceaccount\.com", domain)
    return f"agent:{agent[1]}" if agent else name or member


def short_resource(grant: Grant, values: dict[str, Any]) -> str:
    """The resource with the condition of the grant; a bucket is the landing bucket or that of the state."""
    kind, _, name = grant.resource.removeprefix("the ").partition(" ")
    if kind == "bucket":
        suffixes = {"-terraform-state": "state", "-report": "bucket of pages", "-spark": "bucket of batches"}
        bucket = next((text for suffix, text in suffixes.items() if name.endswith(suffix)), "bucket")
        return f"{bucket} {grant.conditions.removeprefix(', only ')}".strip()
    if kind == "repository" and "location" in values:
        kind = "registry"
    return f"{kind} {name}".strip() + grant.conditions


def planned_resources(plan):
    """Every managed resource of a plan: its type, address and planned values."""

    def walk_module(module):
        yield from module.get("resources", [])
        for child in module.get("child_modules", []):
            yield from walk_module(child)

    resources = walk_module(plan["planned_values"]["root_module"])
    return [resource for resource in resources if resource["mode"] == "managed"]
