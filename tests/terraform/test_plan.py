"""Rules over what Terraform plans for the environments, as its own JSON says it."""

import json
import re

import pytest

from connector.key_rotation.settings import Settings as RotationSettings
from connector.settings import Settings as ConnectorSettings
from connector.sources.registry import SOURCES
from connector.sources.registry import read as read_source
from pipeline.settings import Settings as PipelineSettings
from sheets_sync.exports import FOLDER as EXPORTS
from sheets_sync.exports import load_export
from sheets_sync.settings import read_settings, read_target
from tests.terraform.grants import ANALYSTS, APPLY, ENGINEERS, GRANTS, NOTIFIED, PLAN, granted, resources
from tests.terraform.reading import ROOT

ENVIRONMENTS = ["local", "dev", "prod"]
BRANCHES = ("every branch", "branch main")
EXPORTED = [load_export(path.stem) for path in EXPORTS.glob("*.yaml")]


# Switched on in one environment, off in the others.
NOTICES = '{smtp={host="smtp.example.com",from="data@example.com",user="data"},webhooks=true}'
OPTIONAL = {"SMTP_HOST", "SMTP_PORT", "SMTP_FROM", "SMTP_USER", "SMTP_PASSWORD", "WEBHOOK_SECRET"}


@pytest.fixture(scope="module")
def plans(planned):
    return {
        "local": planned("local"),
        "dev": planned("dev"),
        "prod": planned("prod", f"-var=notices={NOTICES}"),
    }


def of(plan, kind):
    """The planned values of all resources of a type, by their address."""
    return {one["address"]: one["values"] for one in resources(plan) if one["type"] == f"google_{kind}"}


@pytest.mark.parametrize(
    ("env", "groups"), [("local", set()), ("dev", ENGINEERS), ("prod", ENGINEERS | ANALYSTS | NOTIFIED)]
)
def test_the_grants_are_those_that_are_written_down(plans, env, groups):
    assert granted(plans[env]) == GRANTS | groups


def test_analysts_see_the_marts_and_nothing_else():
    assert {on for who, on, _ in GRANTS | ANALYSTS | ENGINEERS if who == "group:analysts"} == {
        "project",
        "dataset dmt",
    }


def test_without_a_repository_only_people_deliver(planned):
    """The smallest tfvars: no groups, no channels, no repository."""
    plan = planned("local", "-var=delivery=null")
    assert granted(plan) == {grant for grant in GRANTS if grant[0] not in (PLAN, APPLY, *BRANCHES)}
    assert not [one["address"] for one in resources(plan) if "delivery" in one["address"]]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_nobody_has_a_wide_role_on_the_project(plans, env):
    """What a role is for stands in its name; owner and editor are for everything."""
    on_project = {role for _, on, role in granted(plans[env]) if on.startswith("project")}
    assert on_project == {
        "bigquery.jobUser",
        "bigquery.resourceViewer",
        "delivery_plan",
        "delivery_apply",
        "delivery_grant",
    }
    [limit] = {
        one["condition"][0]["expression"]
        for one in of(plans[env], "project_iam_member").values()
        if one["condition"]
    }
    assert set(re.findall(r"'roles/([^']+)'", limit)) == {role for role in on_project if "." in role}
    takers = {on for _, on, role in granted(plans[env]) if role.endswith("okenCreator")}
    assert takers == {"identity dataform-runner", "identity scheduled-queries"}  # of one account each


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_no_key_and_no_value_of_a_secret_is_in_a_plan(plans, env):
    """So none is in the state either: it holds what was planned."""
    types = {one["type"] for one in resources(plans[env])}
    assert not types & {"google_secret_manager_secret_version", "google_service_account_key"}

    def marked(value):
        """Whether Terraform holds anything in it for sensitive."""
        if isinstance(value, dict | list):
            return any(marked(one) for one in (value.values() if isinstance(value, dict) else value))
        return value is True

    assert [one["address"] for one in resources(plans[env]) if marked(one["sensitive_values"])] == []


# Whose verbs an apply needs for a type; of a grant, those of what it is on, but of the project.
PERMISSIONS = {
    "google_artifact_registry_repository": "artifactregistry.repositories",
    "google_bigquery_data_transfer_config": "bigquery.transfers",
    "google_bigquery_dataset": "bigquery.datasets",
    "google_bigquery_table": "bigquery.tables",
    "google_billing_budget": "billing.resourcebudgets",
    "google_cloud_run_v2_job": "run.jobs",
    "google_cloud_scheduler_job": "cloudscheduler.jobs",
    "google_dataform_repository": "dataform.repositories",
    "google_logging_metric": "logging.logMetrics",
    "google_monitoring_alert_policy": "monitoring.alertPolicies",
    "google_monitoring_dashboard": "monitoring.dashboards",
    "google_monitoring_notification_channel": "monitoring.notificationChannels",
    "google_project_service": "serviceusage.services",
    "google_pubsub_subscription": "pubsub.subscriptions",
    "google_pubsub_topic": "pubsub.topics",
    "google_secret_manager_secret": "secretmanager.secrets",
    "google_service_account": "iam.serviceAccounts",
    "google_storage_bucket": "storage.buckets",
}
ONLY_A_PERSON = {"google_project_iam_custom_role", "google_project_iam_member"} | {
    f"google_iam_workload_identity_pool{provider}" for provider in ("", "_provider")
}


def test_delivery_may_apply_every_type_of_resource_and_see_it(plans):
    """For a new type ask the references what it needs, and say it in modules/delivery/permissions.tf."""
    roles = {
        one["role_id"]: one["permissions"] for one in of(plans["prod"], "project_iam_custom_role").values()
    }
    needed = {"delivery_plan": set(), "delivery_apply": set()}
    for kind in {one["type"] for one in resources(plans["prod"])} - ONLY_A_PERSON:
        granting = kind.endswith("_iam_member")
        things = PERMISSIONS[kind.removesuffix("_iam_member")]
        needed["delivery_plan"].add((things, ("getIamPolicy",) if granting else ("get", "read")))
        needed["delivery_apply"].add(
            (things, ("setIamPolicy",) if granting else ("update", "write", "enable"))
        )
    missing = {
        (role, things, verbs)
        for role, every in needed.items()
        for things, verbs in every
        if not {f"{things}.{verb}" for verb in verbs} & set(roles[role])
    }
    assert missing == set()


# Attribute by attribute, what prod may have otherwise than dev; the project's own id is not looked at.
MAY_DIFFER = {
    "protection": {"deletion_policy", "deletion_protection", "force_destroy", "delete_contents_on_destroy"},
    "waiting": {"paused", "disabled", "enabled"},
    "the environment's name": {"effective_labels", "terraform_labels", "user_labels", "dashboard_json"},
    "analysts": {'module.warehouse.google_bigquery_dataset_iam_member.grants["dmt/dataViewer/analysts"]'}
    | {'module.warehouse.google_project_iam_member.job_users["analysts"]'},
    "the sheet's id, and notices where they are switched on": {"template"},
    "the moment of the plan": {"rotation"},
}


def test_dev_and_prod_differ_only_where_they_may(plans):
    dev, prod = ({one["address"]: one["values"] for one in resources(plans[env])} for env in ("dev", "prod"))
    different = {address for address in dev.keys() ^ prod.keys() if "notice_secret" not in address}
    for address in dev.keys() & prod.keys():
        before, after = dev[address], prod[address]
        different |= {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert different == set().union(*MAY_DIFFER.values())


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_nothing_is_open_to_the_public(plans, env):
    text = json.dumps(plans[env]["planned_values"])
    assert "allUsers" not in text and "allAuthenticatedUsers" not in text
    [bucket] = of(plans[env], "storage_bucket").values()
    assert (bucket["public_access_prevention"], bucket["uniform_bucket_level_access"]) == ("enforced", True)


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_all_that_can_be_described_is(plans, env):
    described = {
        one["address"]: one["values"]["description"]
        for one in resources(plans[env])
        if "description" in one["values"]
    }
    assert len(described) > 15
    assert [address for address, description in described.items() if not description] == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_all_that_can_be_labelled_is(plans, env):
    labels = {
        one["address"]: one["values"]["terraform_labels"]
        for one in resources(plans[env])
        if "terraform_labels" in one["values"]
    }
    assert len(labels) > 15
    for address, found in labels.items():
        assert found.items() >= {"environment": env, "managed_by": "terraform", "platform": "data"}.items()
        assert found.keys() & {"component", "layer"}, address


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_what_the_providers_labels_do_not_reach_is_labelled_too(plans, env):
    expected = {"environment": env, "managed_by": "terraform", "platform": "data", "component": "alerts"}
    policies = [*of(plans[env], "monitoring_alert_policy").values()]
    told = [*policies, *of(plans[env], "monitoring_notification_channel").values()]
    assert len(policies) > 8 and {json.dumps(one["user_labels"], sort_keys=True) for one in told} == {
        json.dumps(expected, sort_keys=True)
    }
    [dashboard] = of(plans[env], "monitoring_dashboard").values()
    assert json.loads(dashboard["dashboard_json"])["labels"] == expected


def test_each_alert_names_a_runbook_that_is_there(plans):
    texts = [
        one["documentation"][0]["content"] for one in of(plans["prod"], "monitoring_alert_policy").values()
    ]
    named = {text.rsplit("**Runbook.** ", 1)[1] for text in texts}
    assert len(texts) == 10 and {name for name in named if not (ROOT / name).is_file()} == set()


def test_a_limit_that_no_tfvars_names_is_the_modules(plans):
    policies = {one["display_name"]: one for one in of(plans["prod"], "monitoring_alert_policy").values()}
    [orphans] = policies["Too many sales without their product or customer"]["conditions"]
    assert orphans["condition_matched_log"][0]["filter"].endswith("jsonPayload.orphan_rate>0.01")


def test_an_alert_watches_lines_that_the_jobs_print(plans):
    """A fact that no job reports would be compared with a limit for ever, and never be beyond it."""
    [*metrics] = of(plans["local"], "logging_metric").values()
    [*policies] = of(plans["local"], "monitoring_alert_policy").values()
    asked = set(re.findall(r"jsonPayload\.(\w+)", json.dumps([metrics, policies])))
    code = "".join(
        path.read_text() for path in [*ROOT.glob("connector/**/*.py"), *ROOT.glob("pipeline/*.py")]
    )
    google = {"terminalState", "workflowInvocationId"}  # of Dataform's own log
    assert {fact for fact in asked - google if not re.search(rf"\b{fact}=|\"{fact}\"", code)} == set()


def test_every_column_is_described(plans):
    def undescribed(columns, at):
        for column in columns:
            if not column.get("description"):
                yield f"{at}.{column['name']}"
            yield from undescribed(column.get("fields", []), f"{at}.{column['name']}")

    tables = of(plans["local"], "bigquery_table")
    assert {
        name for at, one in tables.items() for name in undescribed(json.loads(one["schema"]), at)
    } == set()


def test_the_tables_of_raw_are_those_of_the_sources(plans):
    planned = {
        table["table_id"]: json.loads(table["schema"])
        for table in of(plans["local"], "bigquery_table").values()
        if table["dataset_id"] == "raw"
    }
    declared = {
        endpoint.table: json.loads((ROOT / f"connector/schemas/{endpoint.table}.json").read_text())
        for path in SOURCES.glob("*.yaml")
        for endpoint in read_source(path.stem).endpoints.values()
    }
    assert planned == declared


class Asked(dict):
    """An environment that remembers which variables a package asked it for."""

    def __init__(self, *given):
        super().__init__(*given)
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize(
    ("job", "read"),
    [
        ("connector", lambda environ: ConnectorSettings.read(environ, "retail", read_source("retail"))),
        ("key-rotation", lambda environ: RotationSettings.read(environ, {"retail": read_source("retail")})),
        ("pipeline", PipelineSettings.read),
        (
            "sheets-sync",
            lambda environ: (read_settings(environ), [read_target(environ, item) for item in EXPORTED]),
        ),
    ],
)
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_jobs_environment_is_the_settings_of_its_package(plans, env, job, read):
    """Each is the other's whole: what is asked for is given, and what is given is asked for."""
    secret = f"whsec_{'A' * 32}"
    made = {"ROTATION_SUBSCRIPTION": "projects/p/subscriptions/s"}  # known once it is there
    environ = Asked(
        {
            name: variable.get("value") or made.get(name, secret)
            for name, variable in variables(plans[env], job).items()
        }
    )
    read(environ)
    ambient = {name for name in environ.names if name.endswith("_ENDPOINT")}
    off = OPTIONAL if env != "prod" else set()
    assert environ.names - ambient - off == environ.keys()


def test_secrets_of_notices_are_given_by_reference_only(plans):
    given = variables(plans["prod"], "sheets-sync")
    references = {
        name: given[name]["value_source"][0]["secret_key_ref"][0]["secret"]
        for name in ("SMTP_PASSWORD", "WEBHOOK_SECRET")
    }
    assert references == {"SMTP_PASSWORD": "smtp-password", "WEBHOOK_SECRET": "webhook-secret"}
    assert given["SMTP_PORT"]["value"] == "587"


PLANNING = """kind: sheet
endpoints:
  targets: {tab: Plan, table: targets, key: [day], schedule: daily, columns: {day: {header: Day, type: date}}}
"""
EXPORT = "table: daily_sales\nmode: mirror\nkey: [day]\ncolumns: {day: {header: day}}\ndestination: "
API = "{kind: http, path: /days, auth: {header: X-Key}, delete: {path: '/days/{day}'}}"


@pytest.fixture
def other_kinds(tree):
    """A sheet as a source, an API and a file as destinations, declared beside what is."""
    schema = (ROOT / "connector/schemas/customers.json").read_text()
    added = {
        "connector/sources/planning.yaml": PLANNING,
        "connector/schemas/targets.json": schema,
        "sheets_sync/exports/crm_days.yaml": EXPORT + API,
        "sheets_sync/exports/day_file.yaml": EXPORT.replace("daily_sales", "raw.sales")
        + "{kind: file, path: days.csv}",
    }
    for name, text in added.items():
        (tree.folder / name).write_text(text)
    yield
    for name in added:
        (tree.folder / name).unlink()


def test_every_kind_of_place_is_given_to_the_job_that_needs_it(other_kinds, planned):
    with pytest.raises(AssertionError) as refused:
        planned("local")
    told = " ".join(str(refused.value).replace("│", " ").split())
    assert "sheets that have no id here: planning." in told
    assert "APIs that have no address here: crm_days." in told
    assert "files that have no bucket here: day_file." in told
    given = planned(
        "local",
        '-var=source_spreadsheets={planning="an-id"}',
        '-var=export_urls={crm_days="https://crm.example.com/v1"}',
        '-var=export_buckets={day_file="a-bucket"}',
    )
    assert variables(given, "connector")["PLANNING_SPREADSHEET"]["value"] == "an-id"
    assert "PLANNING_URL" not in variables(given, "connector")
    job = variables(given, "sheets-sync")
    assert job["CRM_DAYS_API_KEY"]["value_source"][0]["secret_key_ref"][0]["secret"] == "crm-days-api-key"
    values = {name: variable["value"] for name, variable in job.items() if variable["value"]}
    assert values == {
        "BUCKET": "sandbox-local-landing",
        "CRM_DAYS_URL": "https://crm.example.com/v1",
        "DAILY_SALES_SPREADSHEET": "sandbox-daily-sales",
        "DAY_FILE_BUCKET": "a-bucket",
        "LOCATION": "EU",
        "PROJECT_ID": "sandbox-local",
    }
    assert granted(given) - GRANTS == {
        ("sheets-sync", "bucket sheets_sync/", "storage.objectUser"),
        ("sheets-sync", "dataset raw", "bigquery.dataViewer"),
        ("sheets-sync", "secret crm-days-api-key", "secretmanager.secretAccessor"),
    }


def test_a_key_is_given_by_reference_only(plans):
    key = variables(plans["local"], "connector")["RETAIL_API_KEY"]
    assert key["value"] in ("", None)
    assert key["value_source"][0]["secret_key_ref"] == [{"secret": "retail-api-key", "version": "latest"}]


def test_each_job_runs_its_package_as_its_identity(plans):
    def runs(job):
        task = job["template"][0]["template"][0]
        return task["containers"][0]["command"], task["service_account"].split("@")[0]

    jobs = {job["name"]: runs(job) for job in of(plans["local"], "cloud_run_v2_job").values()}
    assert jobs == {
        "connector": (["python", "-m", "connector"], "connector"),
        "key-rotation": (["python", "-m", "connector.key_rotation"], "key-rotation"),
        "pipeline": (["python", "-m", "pipeline"], "pipeline"),
        "sheets-sync": (["python", "-m", "sheets_sync"], "sheets-sync"),
    }


@pytest.mark.parametrize(("env", "protected"), [("local", False), ("dev", False), ("prod", True)])
def test_only_prod_refuses_to_be_destroyed(plans, env, protected):
    guarded = [*of(plans[env], "bigquery_table").values(), *of(plans[env], "cloud_run_v2_job").values()]
    assert {one["deletion_protection"] for one in guarded} == {protected}
    kept = {one["force_destroy"] for one in of(plans[env], "storage_bucket").values()}
    kept |= {one["delete_contents_on_destroy"] for one in of(plans[env], "bigquery_dataset").values()}
    assert kept == {not protected}
    policies = {
        one["values"]["deletion_policy"]
        for one in resources(plans[env])
        if "deletion_policy" in one["values"]
    }
    assert policies == ({"PREVENT"} if protected else {"DELETE", "FORCE"})


def test_where_a_tfvars_says_so_the_schedules_wait(plans):
    paused = {
        env: {one["paused"] for one in of(plans[env], "cloud_scheduler_job").values()} for env in ENVIRONMENTS
    }
    assert paused == {"local": {False}, "dev": {True}, "prod": {False}}


def variables(plan, job):
    [found] = [one for one in of(plan, "cloud_run_v2_job").values() if one["name"] == job]
    return {one["name"]: one for one in found["template"][0]["template"][0]["containers"][0]["env"]}
