"""What is wrong is refused when it is planned, with a sentence that names it and says what to change."""

import json
from contextlib import contextmanager

import pytest

SCHEMA = "connector/schemas/sales.json"
SOURCE = "connector/sources/retail.yaml"
EXPORT = "sheets_sync/exports/daily_sales.yaml"


@pytest.fixture
def refused(planned):
    """What Terraform says of a plan that it refuses, as one line."""

    def told(*arguments):
        with pytest.raises(AssertionError) as error:
            planned("local", *arguments)
        return " ".join(str(error.value).replace("│", " ").replace("╷", " ").split())

    return told


@pytest.fixture
def changed(tree):
    """The file of the tree with another text; as it was, afterwards."""

    @contextmanager
    def change(name, alter):
        path = tree.folder / name
        before = path.read_text()
        path.write_text(alter(before))
        try:
            yield
        finally:
            path.write_text(before)

    return change


def test_all_that_is_wrong_is_said_in_one_go(refused):
    told = refused(
        "-var=env=prod",
        '-var=groups={analysts="group:a@example.com"}',
        '-var=delivery={repository_id="acme/retail"}',
        "-var=project_id=Retail",
        '-var=source_urls={retial="https://x.example"}',
        '-var=spreadsheets={sales="https://docs.google.com/spreadsheets/d/x/edit"}',
    )
    assert "env is 'prod' but the selected workspace is 'local'" in told
    assert "python -m scripts.deploy plan --env prod" in told
    assert "without a prefix" in told
    assert "gh api repos/OWNER/NAME --jq .id" in told
    assert "6 to 30 lower-case letters" in told
    assert "The sources are retail, not retial" in told
    assert "missing: daily_sales" in told and "not its address" in told


@pytest.mark.parametrize(
    "alter",
    [
        lambda text: text.replace("endpoints:", "endpoints: ["),
        lambda text: text.replace("    table: sales", "    tables: sales"),
    ],
    ids=["no YAML", "an endpoint without its table"],
)
def test_a_malformed_source(refused, changed, alter):
    with changed(SOURCE, alter):
        told = refused()
    assert "Not readable as sources: connector/sources/retail.yaml." in told
    assert "python -m connector --source NAME" in told


def test_an_endpoint_whose_table_has_no_schema(refused, changed):
    with changed(SOURCE, lambda text: text.replace("table: sales ", "table: sails ")):
        assert "write connector/schemas/sails.json" in refused()


def test_a_malformed_export(refused, changed):
    with changed(EXPORT, lambda text: text.replace("columns:", "columns: [")):
        assert "Not readable as exports: sheets_sync/exports/daily_sales.yaml." in refused()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"STRING"', '"TEXT"', "sales has TEXT."),
        ("[", "{", "each with a name and a type. Not so: sales."),
    ],
    ids=["an unknown type", "no JSON"],
)
def test_a_schema_that_bigquery_would_not_take(refused, changed, before, after, sentence):
    with changed(SCHEMA, lambda text: text.replace(before, after, 1)):
        assert sentence in refused()


def test_a_channel_without_an_address(refused):
    addresses = {"blank": " ", "empty": "", "name": "data-engineers"}
    told = refused(f"-var=channels={json.dumps({name: {'address': one} for name, one in addresses.items()})}")
    assert "A channel without a usable address tells nobody" in told
    assert "blank (email) has ' ', empty (email) has '', name (email) has 'data-engineers'" in told


def test_an_environment_without_tfvars(tree, sandbox):
    told = tree.script("deploy", "plan", "--env", "staging", state=sandbox)
    assert told.returncode == 1
    assert "environments/staging.tfvars is missing. There are dev, local, prod." in told.stderr
