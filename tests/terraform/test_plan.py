"""Rules for the plans of the environments, read as JSON."""

import base64
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.iam.permissions import EXISTING
from tests.terraform.grants import (
    ANALYSTS,
    APPLY,
    ENGINEERS,
    GRANTS,
    NOTICE_GRANTS,
    PLAN,
    REHEARSER,
    REHEARSING,
    planned_grants,
    planned_resources,
)
from tests.terraform.hcl_files import ROOT
from tests.terraform.plans import ENVIRONMENTS, job_variables, only, resources_of

BRANCHES = ("every branch", "push on main", "workflow_dispatch on main")


@pytest.mark.parametrize(
    ("env", "groups"), [("local", set()), ("dev", ENGINEERS), ("prod", ENGINEERS | ANALYSTS | NOTICE_GRANTS)]
)
def test_the_grants_are_those_that_are_listed(plans, env, groups):
    assert planned_grants(plans[env]) == GRANTS | groups | REHEARSING[env]


def test_analysts_read_only_the_marts(plans):
    """And what views of dmt read in ods, which authorizes them: dmt.sales_final would fail otherwise."""
    grants = planned_grants(plans["prod"])
    assert {resource for member, resource, _ in grants if member == "group:analysts"} == {
        "project",
        "dataset dmt",
    }
    assert ("views of dataset dmt", "dataset ods", "read") in grants


def test_the_sheet_of_the_verdict_needs_no_grant_of_its_own(plans):
    """sheets-sync writes its logs in ops, and the view reads tables of ops only."""
    reads = {name for member, name, _ in planned_grants(plans["prod"]) if member == "sheets-sync"}
    assert {name for name in reads if name.startswith("dataset")} == {"dataset dmt", "dataset ops"}
    tables = resources_of(plans["prod"], "bigquery_table").values()
    queries = {item["table_id"]: item["view"][0]["query"] for item in tables if item["view"]}
    assert {
        name.split(".")[0]
        for query in queries.values()
        for name in re.findall(r"`[\w-]+\.(\w+\.\w+)`", query)
    } == {"ops"}
    assert queries.keys() == {"measures", "last_night", "verdict"}
    assert job_variables(plans["prod"], "pipeline")["VERDICT_EXPORTS"]["value"] == "last_night"
    sources = {"daily_sales": "dmt.daily_sales", "last_night": "ops.verdict"}
    assert json.loads(job_variables(plans["prod"], "report")["EXPORT_TABLES"]["value"]) == sources


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_viewers_of_the_project_have_no_access_to_data(plans, env):
    """Google's default access of a new dataset includes projectReaders and projectWriters."""
    datasets = resources_of(plans[env], "bigquery_dataset").values()
    groups = {entry["special_group"] for dataset in datasets for entry in dataset["access"]}
    assert len(datasets) == 10 and groups - {"", None} == {"projectOwners"}


def test_without_a_repository_only_people_deliver(create_plan):
    """The smallest tfvars: no groups, no channels, no repository."""
    plan = create_plan("local", "-var=delivery=null")
    delivery = (PLAN, APPLY, REHEARSER, *BRANCHES)
    assert planned_grants(plan) == {grant for grant in GRANTS if grant[0] not in delivery}
    assert not [item["address"] for item in planned_resources(plan) if "delivery" in item["address"]]


def test_a_budget_is_optional(create_plan):
    assert not resources_of(create_plan("local", "-var=budget=null"), "billing_budget")


def test_the_budget_notifies_email_channels_in_the_currency_of_the_account(create_plan):
    """The Budgets API rejects other types of channels, and every currency except the account's own."""
    channels = '{a={address="a@example.com"},room={type="google_chat",address="spaces/A"}}'
    plan = create_plan("local", f"-var=channels={channels}")
    [budget] = resources_of(plan, "billing_budget").values()
    assert not budget["amount"][0]["specified_amount"][0].get("currency_code")
    call = plan["configuration"]["root_module"]["module_calls"]["budget"]
    assert call["expressions"]["channels"]["references"][0] == "module.alerts.email_channels"


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_no_identity_has_a_wide_role_on_the_project(plans, env):
    on_project = {role for _, resource, role in planned_grants(plans[env]) if resource.startswith("project")}
    assert on_project == {
        "bigquery.jobUser",
        "bigquery.resourceViewer",
        "bigquerydatatransfer.serviceAgent",
        "delivery_plan",
        "delivery_apply",
        "delivery_grant",
        "delivery_rehearse",
    }
    [limit] = {
        member["condition"][0]["expression"]
        for member in resources_of(plans[env], "project_iam_member").values()
        if member["condition"]
    }
    grantable = {role for role in on_project if "." in role} - {"bigquerydatatransfer.serviceAgent"}
    assert set(re.findall(r"'roles/([^']+)'", limit)) == grantable
    creators = {resource for _, resource, role in planned_grants(plans[env]) if role.endswith("TokenCreator")}
    assert creators == {
        "identity dataform-rehearsal",
        "identity dataform-runner",
        "identity scheduled-queries",
    }


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_no_key_and_no_secret_value_is_in_a_plan(plans, env):
    """The state contains what was planned."""
    types = {resource["type"] for resource in planned_resources(plans[env])}
    assert not types & {"google_secret_manager_secret_version", "google_service_account_key"}

    def has_sensitive(value):
        if isinstance(value, dict | list):
            return any(map(has_sensitive, value.values() if isinstance(value, dict) else value))
        return value is True

    sensitive = [
        item["address"] for item in planned_resources(plans[env]) if has_sensitive(item["sensitive_values"])
    ]
    assert sensitive == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_secrets_are_stored_in_one_region(plans, env):
    """Automatic replication is rejected under gcp.resourceLocations and cannot be changed later."""
    for secret in resources_of(plans[env], "secret_manager_secret").values():
        [replication] = secret["replication"]
        assert not replication["auto"]
        assert [item["location"] for item in replication["user_managed"][0]["replicas"]] == ["europe-west1"]


# The permissions of an apply for a type. For a grant: those of its resource, except on the project.
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
# A person applies these: they decide what delivery itself may do.
ONLY_A_PERSON = {
    "google_iam_workload_identity_pool",
    "google_iam_workload_identity_pool_provider",
    "google_project_iam_audit_config",
    "google_project_iam_custom_role",
    "google_project_iam_member",
}


def custom_roles(plan):
    roles = resources_of(plan, "project_iam_custom_role").values()
    return {role["role_id"]: set(role["permissions"]) for role in roles}


def test_delivery_may_read_and_apply_every_type_of_resource(plans):
    """Add the permissions of a new type to modules/delivery/permissions.tf."""
    roles = custom_roles(plans["prod"])
    missing = set()
    for kind in {resource["type"] for resource in planned_resources(plans["prod"])} - ONLY_A_PERSON:
        is_grant = "_iam_" in kind
        prefix = PERMISSIONS[re.sub("_iam_(member|policy)$", "", kind)]
        reading = ["getIamPolicy"] if is_grant else ["get", "read"]
        writing = ["setIamPolicy"] if is_grant else ["update", "write", "enable"]
        for role, verbs in (("delivery_plan", reading), ("delivery_apply", writing)):
            if not {f"{prefix}.{verb}" for verb in verbs} & roles[role]:
                missing.add((role, kind))
    assert missing == set()


def test_every_permission_of_a_custom_role_exists(plans):
    """IAM rejects a role with an unknown permission, and with it everything that depends on the role.

    sandbox/iam/permissions.py names the page of each, and those that no page confirmed: they may fail in a project.
    """
    assert "bigquery.datasets.list" not in EXISTING
    for role, permissions in custom_roles(plans["prod"]).items():
        assert permissions and permissions - EXISTING == set(), role


# Attributes in which prod may differ from dev; the project's own id is not compared.
MAY_DIFFER = {
    "protection": {"deletion_policy", "deletion_protection", "force_destroy", "delete_contents_on_destroy"},
    "paused schedules": {"enabled"},
    "the environment's name": {"effective_labels", "terraform_labels", "user_labels", "dashboard_json"},
    "analysts": {'module.warehouse.google_project_iam_member.job_users["analysts"]', "access"},
    "the sheet's id, and notices where they are enabled": {"template"},
    "the GitHub environment of a deployment": {"member"},
    "the moment of the plan": {"rotation"},
}


def test_dev_and_prod_differ_only_where_they_may(plans):
    """Both are paused on the first apply: dev by its tfvars, prod until images are delivered."""
    dev, prod = (
        {resource["address"]: resource["values"] for resource in planned_resources(plans[env])}
        for env in ("dev", "prod")
    )
    optional = ("notice_secret", "notice_log")
    different = {
        address for address in dev.keys() ^ prod.keys() if not any(name in address for name in optional)
    }
    for address in dev.keys() & prod.keys():
        before, after = dev[address], prod[address]
        different |= {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert different - {"enabled"} == set().union(*MAY_DIFFER.values()) - {"enabled"}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_nothing_is_public(plans, env):
    text = json.dumps(plans[env]["planned_values"])
    assert "allUsers" not in text and "allAuthenticatedUsers" not in text
    buckets = resources_of(plans[env], "storage_bucket").values()
    assert [bucket["public_access_prevention"] for bucket in buckets] == ["enforced", "enforced"]
    assert all(bucket["uniform_bucket_level_access"] for bucket in buckets)


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_everything_with_a_description_has_one(plans, env):
    described = {
        resource["address"]: resource["values"]["description"]
        for resource in planned_resources(plans[env])
        if "description" in resource["values"]
    }
    assert len(described) > 15
    assert [address for address, description in described.items() if not description] == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_everything_with_labels_has_them(plans, env):
    labels = {
        resource["address"]: resource["values"]["terraform_labels"]
        for resource in planned_resources(plans[env])
        if "terraform_labels" in resource["values"]
    }
    expected = {"environment": env, "managed_by": "terraform", "platform": "data"}
    assert len(labels) > 15
    for address, values in labels.items():
        assert values.items() >= expected.items()
        assert values.keys() & {"component", "layer"}, address


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_resources_without_default_labels_have_them_too(plans, env):
    expected = {"environment": env, "managed_by": "terraform", "platform": "data", "component": "alerts"}
    policies = list(resources_of(plans[env], "monitoring_alert_policy").values())
    labelled = [*policies, *resources_of(plans[env], "monitoring_notification_channel").values()]
    assert len(policies) > 8
    assert [item["display_name"] for item in labelled if item["user_labels"] != expected] == []
    dashboard = only(plans[env], "monitoring_dashboard")
    assert json.loads(dashboard["dashboard_json"])["labels"] == expected


def test_each_alert_names_an_existing_runbook(plans):
    policies = resources_of(plans["prod"], "monitoring_alert_policy").values()
    texts = [policy["documentation"][0]["content"] for policy in policies]
    runbooks = {text.rsplit("**Runbook.** ", 1)[1] for text in texts}
    assert len(texts) == 14
    assert [name for name in runbooks if not (ROOT / name).is_file()] == []


def test_every_alert_notifies_every_channel(plans):
    """The names of channels are unknown before they are created; an empty list would be known."""
    changes = plans["prod"]["resource_changes"]
    channels = [item for item in changes if item["type"] == "google_monitoring_notification_channel"]
    policies = [item for item in changes if item["type"] == "google_monitoring_alert_policy"]
    assert len(channels) == 1 and len(policies) == 14
    for policy in policies:
        assert policy["change"]["after_unknown"].get("notification_channels"), policy["address"]


def test_alerts_name_existing_jobs_and_resources(plans):
    """A misspelt name is a condition that is never true."""
    plan = plans["prod"]
    filters = (
        json.dumps(
            [
                *resources_of(plan, "monitoring_alert_policy").values(),
                *resources_of(plan, "logging_metric").values(),
            ]
        )
        .replace("\\\\", "")
        .replace('\\"', '"')
    )
    existing = {
        "job_name": {job["name"] for job in resources_of(plan, "cloud_run_v2_job").values()},
        "repository_id": {only(plan, "dataform_repository")["name"]},
        "subscription_id": {item["name"] for item in resources_of(plan, "pubsub_subscription").values()},
    }
    for label, names in existing.items():
        used = set(re.findall(rf'{label}!?="([^"]+)"', filters))
        assert used and used <= names, label


def test_the_alert_on_dataform_reads_its_completion_log(plans):
    """https://cloud.google.com/dataform/docs/monitor-runs"""
    policies = resources_of(plans["prod"], "monitoring_alert_policy").values()
    [alert] = [policy for policy in policies if policy["display_name"] == "Dataform failed"]
    log_filter = alert["conditions"][0]["condition_matched_log"][0]["filter"]
    log_type = "google.cloud.dataform.logging.v1.WorkflowInvocationCompletionLogEntry"
    assert f'jsonPayload.@type="type.googleapis.com/{log_type}"' in log_filter
    assert 'jsonPayload.terminalState="FAILED"' in log_filter


def test_a_limit_without_a_setting_is_the_default_of_the_module(plans):
    policies = resources_of(plans["prod"], "monitoring_alert_policy").values()
    [alert] = [item for item in policies if item["display_name"].startswith("Too many sales without")]
    text = alert["documentation"][0]["content"]
    assert "The limit is a fraction of 0.01." in text
    views = resources_of(plans["prod"], "bigquery_table")
    [query] = [item["view"][0]["query"] for item in views.values() if item["table_id"] == "last_night"]
    assert "bad_rows > 0.01 * `rows`" in query


def test_the_verdict_knows_the_table_of_each_endpoint(plans):
    """Two sources may have an endpoint of one name."""
    views = resources_of(plans["local"], "bigquery_table")
    [query] = [item["view"][0]["query"] for item in views.values() if item["table_id"] == "last_night"]
    pairs = "('retail/customers', 'customers'), ('retail/products', 'products'), ('retail/sales', 'sales')"
    assert f"UNNEST(ARRAY<STRUCT<subject STRING, table_name STRING>>[{pairs}])" in query


def test_every_column_is_described(plans):
    def undescribed(columns, path):
        for column in columns:
            if not column.get("description"):
                yield f"{path}.{column['name']}"
            yield from undescribed(column.get("fields", []), f"{path}.{column['name']}")

    tables = resources_of(plans["local"], "bigquery_table")
    columns = {
        name
        for path, item in tables.items()
        if not item["view"]  # the columns of a view are described where they are computed
        for name in undescribed(json.loads(item["schema"]), path)
    }
    assert columns == set()


def test_raw_has_the_columns_that_the_models_read(plans):
    """The SELECT of dataform/definitions/ods would fail at the first run after a column was removed."""
    tables = resources_of(plans["local"], "bigquery_table").values()
    columns = {
        table["table_id"]: {column["name"] for column in json.loads(table["schema"])}
        for table in tables
        if table["dataset_id"] == "raw"
    }
    assert columns["customers"] >= {"id", "name", "email", "phone", "age", "income", "household_size"}
    assert {"product_sku"} <= columns["products"] and {"id"} <= columns["sales"]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_bucket_and_datasets_have_one_location(plans, env):
    """A load job requires it."""
    datasets = resources_of(plans[env], "bigquery_dataset").values()
    queries = resources_of(plans[env], "bigquery_data_transfer_config").values()
    buckets = resources_of(plans[env], "storage_bucket").values()
    assert {item["location"] for item in [*buckets, *datasets, *queries]} == {"EU"}
    assert plans[env]["planned_values"]["outputs"]["location"]["value"] == "EU"


def test_dataform_runs_as_the_runner(plans):
    """Without an account of its own a repository runs as Google's service agent."""
    repository = only(plans["prod"], "dataform_repository")
    assert repository["service_account"].startswith("dataform-runner@")


# Used by jobs, by Terraform itself or by people: all are in the one `gcloud services enable` of the runbook.
APIS = {
    *("artifactregistry", "bigquery", "bigquerydatatransfer", "billingbudgets", "cloudbilling"),
    *("cloudresourcemanager", "cloudscheduler", "dataform", "drive", "iam", "iamcredentials", "logging"),
    *("monitoring", "pubsub", "run", "secretmanager", "sheets", "storage", "sts"),
}


def test_every_api_is_enabled(plans):
    services = resources_of(plans["local"], "project_service").values()
    assert {service["service"].removesuffix(".googleapis.com") for service in services} == APIS


def test_reads_of_secrets_and_objects_are_logged(plans):
    """Google logs reads of data by default only for BigQuery."""
    configs = resources_of(plans["prod"], "project_iam_audit_config").values()
    assert {(item["service"], item["audit_log_config"][0]["log_type"]) for item in configs} == {
        ("secretmanager.googleapis.com", "DATA_READ"),
        ("storage.googleapis.com", "DATA_READ"),
    }


def test_schedules_start_their_job_with_its_argument(plans):
    def describe(schedule):
        body = json.loads(base64.b64decode(schedule["http_target"][0]["body"]))
        overrides = body.get("overrides", {}).get("containerOverrides", [])
        return schedule["schedule"], [argument for item in overrides for argument in item["args"]]

    schedules = resources_of(plans["prod"], "cloud_scheduler_job").values()
    assert {item["name"]: describe(item) for item in schedules} == {
        "key-rotation": ("50 * * * *", []),
        "pipeline-daily": ("35 3 * * *", ["daily"]),
        "pipeline-hourly": ("5 * * * *", ["hourly"]),
    }
    calls = plans["prod"]["configuration"]["root_module"]["module_calls"]
    assert calls["schedule"]["expressions"]["job"]["references"][0] == "module.pipeline.id"
    assert calls["key_rotation_schedule"]["expressions"]["job"]["references"][0] == "module.key_rotation.id"


def test_scheduled_queries_run_when_their_readers_need_them(plans):
    """The measurement of freshness is hourly, like the runs whose data it measures."""
    queries = resources_of(plans["prod"], "bigquery_data_transfer_config").values()
    assert {item["display_name"]: item["schedule"] for item in queries} == {
        "cost": "every day 03:10",
        "freshness": "every 1 hours",
        "snapshot_customers": "every day 04:10",
        "snapshot_products": "every day 04:10",
        "snapshot_sales": "every day 04:10",
    }


def test_a_link_of_looker_studio_per_mart(plans):
    """Parameters of https://developers.google.com/looker-studio/integrate/linking-api for a table of BigQuery.

    Looker Studio rejects a link whose values are not encoded, or whose table does not exist.
    """
    links = plans["local"]["planned_values"]["outputs"]["dashboards"]["value"]
    models = {path.stem for path in (ROOT / "dataform/definitions/dmt").glob("*.sqlx")}
    assert links.keys() == models >= {"daily_sales", "sales_items"}
    for mart, link in links.items():
        parts = urlsplit(link)
        assert parts.geturl() == link and link.isascii() and " " not in link
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
            "https://lookerstudio.google.com/reporting/create"
        )
        assert parse_qs(parts.query, strict_parsing=True) == {
            "c.mode": ["edit"],
            "r.reportName": [mart],
            "ds.ds0.connector": ["bigQuery"],
            "ds.ds0.datasourceName": [mart],
            "ds.ds0.type": ["TABLE"],
            "ds.ds0.projectId": ["sandbox-local"],
            "ds.ds0.datasetId": ["dmt"],
            "ds.ds0.tableId": [mart],
        }


def test_a_link_copies_the_report_of_the_environment(create_plan):
    plan = create_plan("local", "-var=looker_report=0b4c7f9e-1234_a")
    for link in plan["planned_values"]["outputs"]["dashboards"]["value"].values():
        assert parse_qs(urlsplit(link).query)["c.reportId"] == ["0b4c7f9e-1234_a"]


def test_secrets_of_notices_are_references(plans):
    variables = job_variables(plans["prod"], "sheets-sync")
    references = {
        name: variables[name]["value_source"][0]["secret_key_ref"][0]["secret"]
        for name in ("SMTP_PASSWORD", "WEBHOOK_SECRET")
    }
    assert references == {"SMTP_PASSWORD": "smtp-password", "WEBHOOK_SECRET": "webhook-secret"}
    assert variables["SMTP_PORT"]["value"] == "587"


def test_the_report_mails_its_receivers_and_has_no_webhook_secret(plans):
    variables = job_variables(plans["prod"], "report")
    assert variables["REPORT_RECIPIENTS"]["value"] == "engineers@example.com"
    assert variables["PAGES"]["value"].endswith("-report")
    secret = variables["SMTP_PASSWORD"]["value_source"][0]["secret_key_ref"]
    assert secret == [{"secret": "smtp-password", "version": "latest"}]
    assert "WEBHOOK_SECRET" not in variables


def test_without_receivers_the_report_has_no_mail_server(create_plan):
    """sheets-sync has it; the report could not record a mail either."""
    smtp = '{host="smtp.example.com",from="data@example.com"}'
    plan = create_plan("local", f"-var=notices={{smtp={smtp}}}")
    assert "SMTP_HOST" in job_variables(plan, "sheets-sync")
    names = {"SMTP_HOST", "SMTP_FROM", "REPORT_RECIPIENTS", "PAGES"}
    assert names & job_variables(plan, "report").keys() == set()
    assert ("report", "table ops.notice_log", "bigquery.dataEditor") not in planned_grants(plan)


def test_a_key_is_a_reference_to_the_newest_version(plans):
    key = job_variables(plans["local"], "connector")["RETAIL_API_KEY"]
    assert key["value"] in ("", None)
    assert key["value_source"][0]["secret_key_ref"] == [{"secret": "retail-api-key", "version": "latest"}]


SHEET_SOURCE = """kind: sheet
endpoints:
  targets: {tab: Plan, table: targets, key: [day], schedule: daily, columns: {day: {header: Day, type: date}}}
"""
EXPORT = "table: daily_sales\nmode: mirror\nkey: [day]\ncolumns: {day: {header: day}}\ndestination: "
API = "{kind: http, path: /days, auth: {header: X-Key}, delete: {path: '/days/{day}'}}"


@pytest.fixture
def other_kinds(tree):
    """A sheet as a source, an API and a file as destinations, beside what is declared."""
    schema = (ROOT / "connector/schemas/customers.json").read_text()
    files = {
        "connector/sources/planning.yaml": SHEET_SOURCE,
        "connector/schemas/targets.json": schema,
        "sheets_sync/exports/crm_days.yaml": EXPORT + API,
        "sheets_sync/exports/day_file.yaml": EXPORT.replace("daily_sales", "raw.sales")
        + "{kind: file, path: days.csv}",
    }
    for name, text in files.items():
        (tree.folder / name).write_text(text)
    yield
    for name in files:
        (tree.folder / name).unlink()


def test_every_kind_of_place_reaches_the_job_that_needs_it(other_kinds, create_plan):
    with pytest.raises(AssertionError) as error:
        create_plan("local")
    message = " ".join(str(error.value).replace("│", " ").split())
    assert "source_spreadsheets lacks the id of sources of kind sheet: planning." in message
    assert "export_urls lacks the address of exports of kind http: crm_days." in message
    assert "export_buckets lacks the bucket of exports of kind file: day_file." in message
    plan = create_plan(
        "local",
        '-var=source_spreadsheets={planning="an-id"}',
        '-var=export_urls={crm_days="https://crm.example.com/v1"}',
        '-var=export_buckets={day_file="a-bucket"}',
    )
    assert job_variables(plan, "connector")["PLANNING_SPREADSHEET"]["value"] == "an-id"
    assert "PLANNING_URL" not in job_variables(plan, "connector")
    job = job_variables(plan, "sheets-sync")
    assert job["CRM_DAYS_API_KEY"]["value_source"][0]["secret_key_ref"][0]["secret"] == "crm-days-api-key"
    values = {name: variable["value"] for name, variable in job.items() if variable["value"]}
    assert values == {
        "BUCKET": "sandbox-local-landing",
        "CRM_DAYS_URL": "https://crm.example.com/v1",
        "DAILY_SALES_SPREADSHEET": "sandbox-daily-sales",
        "DAY_FILE_BUCKET": "a-bucket",
        "LAST_NIGHT_SPREADSHEET": "sandbox-last-night",
        "LOCATION": "EU",
        "PROJECT_ID": "sandbox-local",
    }
    assert planned_grants(plan) - GRANTS - REHEARSING["local"] == {
        ("sheets-sync", "bucket sheets_sync/", "storage.objectUser"),
        ("sheets-sync", "dataset raw", "bigquery.dataViewer"),
        ("sheets-sync", "secret crm-days-api-key", "secretmanager.secretAccessor"),
    }


# What is lost with these does not come back when Terraform creates them again.
WITH_DATA = {
    "google_bigquery_dataset",
    "google_dataform_repository",
    "google_secret_manager_secret",
    "google_storage_bucket",
}


@pytest.mark.parametrize(("env", "protected"), [("local", False), ("dev", False), ("prod", True)])
def test_prod_protects_what_contains_data_and_nothing_else(plans, env, protected):
    """An alert or a schedule can be removed from prod; a bucket, dataset, table or secret cannot."""
    resources = planned_resources(plans[env])
    policies = {
        kind: {item["values"].get("deletion_policy") for item in resources if item["type"] == kind}
        for kind in {item["type"] for item in resources}
    }
    assert {kind for kind, values in policies.items() if "PREVENT" in values} == (
        WITH_DATA if protected else set()
    )
    tables = resources_of(plans[env], "bigquery_table").values()
    jobs = resources_of(plans[env], "cloud_run_v2_job").values()
    assert {table["deletion_protection"] for table in tables} == {protected}
    assert {job["deletion_protection"] for job in jobs} == {False}
    buckets = resources_of(plans[env], "storage_bucket").values()
    # Pages are written again from the logs in ops.
    forced = {bucket["force_destroy"] for bucket in buckets if not bucket["name"].endswith("-report")}
    datasets = resources_of(plans[env], "bigquery_dataset").values()
    forced |= {dataset["delete_contents_on_destroy"] for dataset in datasets}
    assert forced == {not protected}


DIGEST = "@sha256:" + "0" * 64


def test_schedules_are_paused_until_every_job_has_an_image(plans, create_plan):
    """Google's sample image fails; a paused schedule raises no alert. dev is paused by its tfvars."""
    images = ",".join(f'{name}="x{DIGEST}"' for name in ("connector", "pipeline", "report", "sheets_sync"))
    delivered = create_plan("prod", f"-var=images={{{images}}}")
    two_of_three = create_plan("prod", f'-var=images={{connector="x{DIGEST}",pipeline="x{DIGEST}"}}')
    expected = [
        (plans["local"], {False}),
        (plans["dev"], {True}),
        (plans["prod"], {True}),
        (delivered, {False}),
    ]
    for plan, paused in expected:
        assert {item["paused"] for item in resources_of(plan, "cloud_scheduler_job").values()} == paused
        queries = resources_of(plan, "bigquery_data_transfer_config").values()
        assert {item["disabled"] for item in queries} == paused
    paused_jobs = {
        item["name"]: item["paused"] for item in resources_of(two_of_three, "cloud_scheduler_job").values()
    }
    assert paused_jobs == {"key-rotation": False, "pipeline-daily": True, "pipeline-hourly": True}
