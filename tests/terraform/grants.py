"""Who may do what, the whole of it: a grant that is not written here fails a test.

(identity, on what, role without roles/); groups are prefixed `group:`, Google's own agents `agent:`. Roles
that begin with delivery_ are modules/delivery's own."""

import re

CONNECTOR, PIPELINE, RUNNER, SCHEDULER, SHEETS, ROTATION, QUERIES, PLAN, APPLY = (
    "connector",
    "pipeline",
    "dataform-runner",
    "scheduler",
    "sheets-sync",
    "key-rotation",
    "scheduled-queries",
    "delivery-plan",
    "delivery-apply",
)
GRANTS = {
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
    (PIPELINE, "job pipeline", "run.viewer"),
    (PIPELINE, "repository warehouse", "dataform.editor"),
    (PIPELINE, "identity dataform-runner", "iam.serviceAccountUser"),
    (PIPELINE, "project", "bigquery.jobUser"),
    (PIPELINE, "dataset ods", "bigquery.metadataViewer"),
    (PIPELINE, "dataset dmt", "bigquery.metadataViewer"),
    ("agent:dataform", "identity dataform-runner", "iam.serviceAccountUser"),
    ("agent:dataform", "identity dataform-runner", "iam.serviceAccountTokenCreator"),
    (RUNNER, "project", "bigquery.jobUser"),
    (RUNNER, "dataset raw", "bigquery.dataViewer"),
    (RUNNER, "dataset ops", "bigquery.dataViewer"),
    (RUNNER, "dataset ods", "bigquery.dataEditor"),
    (RUNNER, "dataset dmt", "bigquery.dataEditor"),
    (RUNNER, "dataset assertions", "bigquery.dataEditor"),
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
    (QUERIES, "project", "bigquery.jobUser"),
    (QUERIES, "project", "bigquery.resourceViewer"),
    (QUERIES, "dataset ods", "bigquery.dataViewer"),
    (QUERIES, "dataset ops", "bigquery.dataEditor"),
    (QUERIES, "dataset snapshots", "bigquery.dataEditor"),
    ("every branch", "identity delivery-plan", "iam.workloadIdentityUser"),
    (PLAN, "project", "delivery_plan"),
    (PLAN, "state", "storage.objectViewer"),
    (PLAN, "state *.tflock", "storage.objectUser"),
    ("branch main", "identity delivery-apply", "iam.workloadIdentityUser"),
    (APPLY, "project", "delivery_apply"),
    (APPLY, "project, only what is declared", "delivery_grant"),
    (APPLY, "state", "storage.objectUser"),
    (APPLY, "registry jobs", "artifactregistry.writer"),
    (APPLY, "repository warehouse", "dataform.editor"),
    (APPLY, "identity dataform-runner", "iam.serviceAccountUser"),
}
NOTIFIED = {
    (SHEETS, f"secret {name}", "secretmanager.secretAccessor") for name in ("smtp-password", "webhook-secret")
}
ANALYSTS = {
    ("group:analysts", "project", "bigquery.jobUser"),
    ("group:analysts", "dataset dmt", "bigquery.dataViewer"),
}
ENGINEERS = {("group:data-engineers", "project", "bigquery.jobUser")} | {
    ("group:data-engineers", f"dataset {name}", "bigquery.dataViewer")
    for name in ("raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging")
}


def granted(plan):
    """The grants of a plan, in the words above."""
    return {
        (spoken(one["member"]), thing(one), one["role"].split("roles/")[-1])
        for one in (each["values"] for each in resources(plan))
        if "member" in one and "role" in one
    }


def spoken(member):
    kind, _, address = member.partition(":")
    if kind == "principalSet":
        ref = re.fullmatch(r".+/attribute\.repository_ref/\d+:refs/heads/(.+)", member)
        return (
            f"branch {ref[1]}"
            if ref
            else "every branch"
            if re.search(r"repository_id/\d+$", member)
            else member
        )
    name, _, domain = address.partition("@")
    if kind == "group":
        return f"group:{name}"
    agent = re.fullmatch(r"gcp-sa-(.+)\.iam\.gserviceaccount\.com", domain)
    return f"agent:{agent[1]}" if agent else name or member


KINDS = {
    "dataset_id": "dataset",
    "secret_id": "secret",
    "topic": "topic",
    "subscription": "subscription",
    "repository": "repository",
    "name": "job",
}


def thing(one):
    """What a grant is on, by the attribute that says it, and under which condition."""
    if "service_account_id" in one:
        return f"identity {one['service_account_id'].split('/')[-1].split('@')[0]}"
    if "bucket" in one:
        found = "state" if one["bucket"].endswith("-terraform-state") else "bucket"
        return " ".join([found, *(title.removeprefix("only ") for title in conditions(one))])
    if "repository" in one and "location" in one:
        return f"registry {one['repository']}"
    found = next((f"{kind} {one[field]}" for field, kind in KINDS.items() if field in one), "project")
    return ", ".join([found, *conditions(one)])


def conditions(one):
    return [rule["title"] for rule in one.get("condition", [])]


def resources(plan):
    """Every resource of a plan: its type, address and planned values."""

    def below(module):
        yield from module.get("resources", [])
        for child in module.get("child_modules", []):
            yield from below(child)

    return [one for one in below(plan["planned_values"]["root_module"]) if one["mode"] == "managed"]
