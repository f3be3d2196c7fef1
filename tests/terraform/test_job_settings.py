"""Terraform and the packages agree: settings, commands, tables and log facts."""

import json
import re
from typing import Any

import pytest

from connector.key_rotation.settings import read_settings as read_rotation_settings
from connector.landing import names
from connector.settings import read_settings as read_connector_settings
from connector.sources.registry import SOURCES, read_source
from connector.sources.rest.config import RestSource
from pipeline.rehearse.settings import read_settings as read_rehearse_settings
from pipeline.restore.settings import read_settings as read_restore_settings
from pipeline.settings import read_settings as read_pipeline_settings
from report.settings import read_settings as read_report_settings
from sheets_sync.exports import list_exports, load_export
from sheets_sync.settings import read_settings as read_sheets_settings
from sheets_sync.settings import read_target
from tests.terraform.hcl_files import ROOT
from tests.terraform.plans import ENVIRONMENTS, job_variables, resources_of

EXPORTED = [load_export(name) for name in list_exports()]
# Set where notices are enabled, here in prod.
FILE = "{}_20260131_0930_0195b1c0-0000-7000-8000-000000000000.json"
OPTIONAL = {
    *("SMTP_HOST", "SMTP_PORT", "SMTP_FROM", "SMTP_USER", "SMTP_PASSWORD"),
    *("WEBHOOK_SECRET", "REPORT_RECIPIENTS", "PAGES"),
}
# Only where an endpoint declares `tasks`, or `prepare: spark`.
UNUSED = {"CONNECTOR_TASKS", "SPARK"}


class RecordingEnvironment(dict[str, Any]):
    """An environment that records which variables a package read."""

    def __init__(self, *values):
        super().__init__(*values)
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


def read_rotation(environ):
    source = read_source("retail")
    assert isinstance(source, RestSource)
    read_rotation_settings(environ, {"retail": source})


def read_sheets(environ):
    read_sheets_settings(environ)
    for export in EXPORTED:
        read_target(environ, export)


@pytest.mark.parametrize(
    ("job", "read"),
    [
        ("connector", lambda environ: read_connector_settings(environ, "retail", read_source("retail"))),
        ("key-rotation", read_rotation),
        ("pipeline", read_pipeline_settings),
        ("report", read_report_settings),
        ("rehearse", read_rehearse_settings),
        ("restore", read_restore_settings),
        ("sheets-sync", read_sheets),
    ],
)
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_job_has_exactly_the_settings_that_its_package_reads(plans, env, job, read):
    secret = f"whsec_{'A' * 32}"
    unknown = {"ROTATION_SUBSCRIPTION": "projects/p/subscriptions/s"}  # until it is created
    environ = RecordingEnvironment(
        {
            name: variable.get("value") or unknown.get(name, secret)
            for name, variable in job_variables(plans[env], job).items()
        }
    )
    read(environ)
    # Of the sandbox, and of Cloud Run itself.
    ambient = {name for name in environ.names if name.endswith("_ENDPOINT") or name.startswith("CLOUD_RUN_")}
    disabled = OPTIONAL if env != "prod" else set()
    assert environ.names - ambient - disabled - UNUSED == environ.keys()


def test_each_job_runs_its_package_as_its_identity(plans):
    def describe(job):
        task = job["template"][0]["template"][0]
        return task["containers"][0]["command"], task["service_account"].split("@")[0]

    jobs = resources_of(plans["local"], "cloud_run_v2_job").values()
    assert {job["name"]: describe(job) for job in jobs} == {
        "connector": (["python", "-m", "connector"], "connector"),
        "key-rotation": (["python", "-m", "connector.key_rotation"], "key-rotation"),
        "pipeline": (["python", "-m", "pipeline"], "pipeline"),
        "report": (["python", "-m", "report"], "report"),
        "rehearse": (["python", "-m", "pipeline.rehearse"], "rehearse"),
        "restore": (["python", "-m", "pipeline.restore"], "restore"),
        "sheets-sync": (["python", "-m", "sheets_sync"], "sheets-sync"),
    }


def test_the_tables_of_raw_are_those_of_the_sources(plans):
    planned = {
        table["table_id"]: json.loads(table["schema"])
        for table in resources_of(plans["local"], "bigquery_table").values()
        if table["dataset_id"] == "raw"
    }
    declared = {
        endpoint.table: json.loads((ROOT / f"connector/schemas/{endpoint.table}.json").read_text())
        for path in SOURCES.glob("*.yaml")
        for endpoint in read_source(path.stem).endpoints.values()
    }
    assert planned == declared


def test_archived_files_change_class_in_the_folders_that_the_connector_writes(plans):
    rules = [
        rule["condition"][0]["matches_prefix"]
        for bucket in resources_of(plans["local"], "storage_bucket").values()
        for rule in bucket["lifecycle_rule"]
        if rule["condition"][0].get("matches_prefix")
    ]
    expected = [
        f"{names.folder('archive', FILE.format(endpoint), f'{path.stem}/{endpoint}').rpartition('/')[0]}/"
        for path in SOURCES.glob("*.yaml")
        for endpoint in read_source(path.stem).endpoints
    ]
    assert rules and all(folders == sorted(expected) for folders in rules), rules


def test_alerts_compare_facts_that_the_jobs_log(plans):
    """A fact that no job logs would never exceed its limit."""
    metrics = list(resources_of(plans["local"], "logging_metric").values())
    policies = list(resources_of(plans["local"], "monitoring_alert_policy").values())
    compared = set(re.findall(r"jsonPayload\.(\w+)", json.dumps([metrics, policies])))
    code = "".join(
        path.read_text() for path in [*ROOT.glob("connector/**/*.py"), *ROOT.glob("pipeline/*.py")]
    )
    google = {"terminalState", "workflowInvocationId"}  # in the log of Dataform
    messages = set(re.findall(r'jsonPayload\.message=\\*"([^"\\]+)', json.dumps([metrics, policies])))
    assert messages and all(f'"{message}"' in code for message in messages), messages
    compared -= {"message"}
    assert len(compared) > 7
    assert {fact for fact in compared - google if not re.search(rf"\b{fact}=|\"{fact}\"", code)} == set()
