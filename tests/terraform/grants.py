"""Who may do what, the whole of it: a grant that is not written here fails a test.

(identity, on what, role without roles/); groups are prefixed `group:`, Google's own agents `agent:`."""

CONNECTOR, PIPELINE, RUNNER, SCHEDULER, SHEETS = (
    "connector",
    "pipeline",
    "dataform-runner",
    "scheduler",
    "sheets-sync",
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
    (PIPELINE, "job sheets-sync", "run.jobsExecutor"),
    (PIPELINE, "job sheets-sync", "run.viewer"),
    (PIPELINE, "job pipeline", "run.viewer"),
    (PIPELINE, "repository warehouse", "dataform.editor"),
    (PIPELINE, "identity dataform-runner", "iam.serviceAccountUser"),
    ("agent:dataform", "identity dataform-runner", "iam.serviceAccountUser"),
    ("agent:dataform", "identity dataform-runner", "iam.serviceAccountTokenCreator"),
    (RUNNER, "project", "bigquery.jobUser"),
    (RUNNER, "dataset raw", "bigquery.dataViewer"),
    (RUNNER, "dataset ods", "bigquery.dataEditor"),
    (RUNNER, "dataset dmt", "bigquery.dataEditor"),
    (RUNNER, "dataset assertions", "bigquery.dataEditor"),
    (SCHEDULER, "job pipeline", "run.jobsExecutorWithOverrides"),
    (SHEETS, "project", "bigquery.jobUser"),
    (SHEETS, "dataset dmt", "bigquery.dataViewer"),
    (SHEETS, "dataset ops", "bigquery.dataEditor"),
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
    for name in ("raw", "ods", "dmt", "ops", "assertions", "staging")
}


def granted(plan):
    """The grants of a plan, in the words above."""
    return {
        (spoken(one["member"]), thing(one), one["role"].removeprefix("roles/"))
        for one in (each["values"] for each in resources(plan))
        if "member" in one and "role" in one
    }


def spoken(member):
    kind, _, address = member.partition(":")
    name, _, domain = address.partition("@")
    if kind == "group":
        return f"group:{name}"
    return "agent:dataform" if domain == "gcp-sa-dataform.iam.gserviceaccount.com" else name or member


def thing(one):
    """What a grant is on, by the attribute that says it."""
    if "bucket" in one:
        folder = "".join(rule["title"].removeprefix("only ") for rule in one.get("condition", []))
        return f"bucket {folder}".strip()
    if "service_account_id" in one:
        return f"identity {one['service_account_id'].split('/')[-1].split('@')[0]}"
    names = {"dataset_id": "dataset", "secret_id": "secret", "repository": "repository", "name": "job"}
    return next((f"{kind} {one[field]}" for field, kind in names.items() if field in one), "project")


def resources(plan):
    """Every resource of a plan: its type, address and planned values."""

    def below(module):
        yield from module.get("resources", [])
        for child in module.get("child_modules", []):
            yield from below(child)

    return [one for one in below(plan["planned_values"]["root_module"]) if one["mode"] == "managed"]
