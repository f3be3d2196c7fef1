"""What `prepare: spark` adds to a plan: grants, a network, the variables of two jobs. Without it, nothing."""

import json
import shutil

import pytest

from sandbox.iam.permissions import EXISTING
from tests.terraform.grants import (
    APPLY,
    CONNECTOR,
    GRANTS,
    PIPELINE,
    PLAN,
    REHEARSING,
    planned_grants,
    planned_resources,
)
from tests.terraform.hcl_files import ROOT
from tests.terraform.plans import job_variables, resources_of

SHOP = ROOT / "demo/companies/shop/declarations/connector"
FILES = ("sources/clickstream.yaml", "schemas/page_requests.json", "transformations/page_requests.py")
SPARK = "spark-batches"
SPARK_GRANTS = {
    (SPARK, "bucket of batches code/", "storage.objectViewer"),
    (SPARK, "bucket of batches runs/", "storage.objectUser"),
    (CONNECTOR, "bucket of batches runs/", "storage.objectViewer"),
    (PIPELINE, "bucket of batches runs/", "storage.objectViewer"),
    (APPLY, "bucket of batches code/", "storage.objectUser"),
    (PLAN, "bucket of batches code/", "storage.objectViewer"),
    (PIPELINE, "project", "spark_runner"),
    (PIPELINE, f"identity {SPARK}", "iam.serviceAccountUser"),
}


@pytest.fixture(scope="module")
def declared(tree, plans):
    """The shop's endpoint that Spark prepares, beside retail's."""
    assert plans["local"]  # of the tree as it is: other tests share this plan
    for name in FILES:
        target = tree.folder / "connector" / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(SHOP / name, target)
    yield tree.folder / "connector"
    for name in FILES:
        (tree.folder / "connector" / name).unlink()


@pytest.fixture(scope="module")
def plan(declared, create_plan):
    return create_plan("local")


def test_the_grants_of_spark_are_those_that_are_listed(plan):
    assert planned_grants(plan) == GRANTS | REHEARSING["local"] | SPARK_GRANTS


def test_without_a_declaration_nothing_of_spark_exists(plans):
    names = [item["address"] for item in planned_resources(plans["local"])]
    assert names and not [
        name for name in names if "spark" in name or "compute" in name or "dataproc" in name
    ]
    assert "SPARK" not in job_variables(plans["local"], "pipeline")


def test_its_apis_are_enabled(plan):
    enabled = {values["service"] for values in resources_of(plan, "project_service").values()}
    assert {"compute.googleapis.com", "dataproc.googleapis.com", "dataprocrm.googleapis.com"} <= enabled


def test_the_jobs_know_where_code_and_output_are(plan):
    """The names of code contain its hash, so they are known in a plan."""
    settings = json.loads(job_variables(plan, "pipeline")["SPARK"]["value"])
    [(name, endpoint)] = settings["endpoints"].items()
    bucket = "gs://sandbox-local-spark"
    assert name == "clickstream/page_requests"
    assert endpoint["output"] == f"{bucket}/runs/clickstream/page_requests/"
    assert endpoint["arguments"] == [
        *("--module", "page_requests", "--input", "gs://shop-access-logs/web/*.log.gz"),
        *("--format", "text", "--options", "{}", "--keeps-rows"),
    ]
    names = {f"{bucket}/{values['name']}" for values in resources_of(plan, "storage_bucket_object").values()}
    assert {settings["main"], endpoint["module"]} == names
    assert settings["service_account"] == "spark-batches@sandbox-local.iam.gserviceaccount.com"
    assert job_variables(plan, "connector")["CLICKSTREAM_PREPARED"]["value"] == f"{bucket}/runs/"


def test_the_code_is_that_of_the_repository(plan):
    contents = {values["content"] for values in resources_of(plan, "storage_bucket_object").values()}
    files = (ROOT / "connector/spark/prepare.py", SHOP / "transformations/page_requests.py")
    assert contents == {path.read_text() for path in files}


def test_the_permissions_of_the_runner_exist_and_those_of_delivery_cover_the_network(plan):
    roles = {
        values["role_id"]: set(values["permissions"])
        for values in resources_of(plan, "project_iam_custom_role").values()
    }
    assert roles["spark_runner"] and roles["spark_runner"] - EXISTING == set()
    networks = {
        f"compute.{kind}.{verb}"
        for kind in ("firewalls", "networks", "subnetworks")
        for verb in ("get", "list")
    }
    assert networks <= roles["delivery_plan"] and roles["delivery_plan"] - EXISTING == set()
    assert (
        "compute.networks.updatePolicy" in roles["delivery_apply"]
        and roles["delivery_apply"] - EXISTING == set()
    )
    assert "compute.networks.create" not in roles["delivery_plan"]


def test_a_transformation_that_is_missing_is_named(declared, create_plan):
    path = declared / "transformations/page_requests.py"
    text = path.read_text()
    path.unlink()
    try:
        with pytest.raises(AssertionError, match=r"write\s+connector/transformations/page_requests.py"):
            create_plan("local")
    finally:
        path.write_text(text)
