"""Wrong input is rejected by the plan, with a message that names it and its remedy."""

import json
import re
from contextlib import contextmanager

import pytest

from tests.terraform.hcl_files import ROOT, read_blocks
from tests.terraform.plans import job_variables

SCHEMA = "connector/schemas/sales.json"
SOURCE = "connector/sources/retail.yaml"
EXPORT = "sheets_sync/exports/daily_sales.yaml"
TFVARS = "environments/local.tfvars"


@pytest.fixture
def rejection(create_plan):
    """The message of a rejected plan, as one line."""

    def read_message(*arguments):
        with pytest.raises(AssertionError) as error:
            create_plan("local", *arguments)
        return " ".join(str(error.value).replace("│", " ").replace("╷", " ").split())

    return read_message


@pytest.fixture
def edited(tree):
    """A file of the tree with another text, which is restored afterwards."""

    @contextmanager
    def edit(name, alter):
        path = tree.folder / name
        before = path.read_text()
        path.write_text(alter(before))
        try:
            yield
        finally:
            path.write_text(before)

    return edit


def test_all_errors_are_in_one_message(rejection):
    message = rejection(
        "-var=env=prod",
        '-var=groups={analysts="group:a@example.com"}',
        '-var=delivery={repository_id="acme/retail"}',
        "-var=project_id=Retail",
        '-var=source_urls={retial="https://x.example"}',
        '-var=spreadsheets={sales="https://docs.google.com/spreadsheets/d/x/edit"}',
    )
    assert "env is 'prod' but the selected workspace is 'local'" in message
    assert "python -m scripts.deploy plan --env prod" in message
    assert "without a prefix" in message
    assert "gh api repos/OWNER/NAME --jq .id" in message
    assert "6 to 30 lower-case letters" in message
    assert "The sources are retail, not retial" in message
    assert "missing: daily_sales" in message and "not its address" in message


@pytest.mark.parametrize("number", ["1", "123456789"])
def test_a_placeholder_for_the_repository(rejection, number):
    """It is the number of a stranger's repository, whose main branch could apply."""
    message = rejection(f'-var=delivery={{repository_id="{number}"}}')
    assert f"{number} is a placeholder that belongs to a stranger's repository" in message


@pytest.mark.parametrize(
    "alter",
    [
        lambda text: text.replace("endpoints:", "endpoints: ["),
        lambda text: text.replace("    table: sales", "    tables: sales"),
    ],
    ids=["not YAML", "an endpoint without a table"],
)
def test_a_malformed_source(rejection, edited, alter):
    with edited(SOURCE, alter):
        message = rejection()
    assert "Not readable as sources: connector/sources/retail.yaml." in message
    assert "python -m connector --source NAME" in message


def test_an_unknown_kind_of_source(rejection, edited):
    with edited(SOURCE, lambda text: text.replace("kind: rest", "kind: ftp")):
        message = rejection()
    assert "Unknown kind: connector/sources/retail.yaml has ftp." in message
    assert "A source is rest or sheet" in message


def test_an_unknown_kind_of_destination(rejection, edited):
    with edited(EXPORT, lambda text: text + "\ndestination: {kind: ftp}\n"):
        assert "sheets_sync/exports/daily_sales.yaml has ftp" in rejection()


def test_an_endpoint_without_a_schema(rejection, edited):
    with edited(SOURCE, lambda text: text.replace("table: sales ", "table: sails ")):
        assert "write connector/schemas/sails.json" in rejection()


@pytest.fixture
def second_source(tree):
    """Adds a source with the given endpoint and table."""
    path = tree.folder / "connector/sources/zshop.yaml"
    schema = tree.folder / "connector/schemas/zsales.json"
    schema.write_text((tree.folder / SCHEMA).read_text())
    text = (tree.folder / SOURCE).read_text()

    def add(endpoint, table):
        head, _, endpoints = text.partition("endpoints:\n")
        name = endpoints.strip().split(":")[0]
        first = endpoints.replace(f"  {name}:", f"  {endpoint}:", 1)
        old_table = first.split("table: ")[1].split()[0]
        first = first.replace(f"table: {old_table}", f"table: {table}", 1)
        lines = first.splitlines(keepends=True)
        end = next(
            (
                at
                for at, line in enumerate(lines[1:], 1)
                if line[:3].strip() and line[:2] == "  " and line[2] != " "
            ),
            len(lines),
        )
        path.write_text(
            head.replace("secret: retail-api-key", "secret: zshop-api-key")
            + "endpoints:\n"
            + "".join(lines[:end])
        )

    yield add
    path.unlink(missing_ok=True)
    schema.unlink()


def test_a_table_of_two_endpoints(rejection, second_source):
    """It would destroy the table of the first source."""
    second_source("zsales", "sales")
    assert "Two endpoints fill a table: sales (retail.sales, zshop.zsales)." in rejection()


def test_a_malformed_export(rejection, edited):
    with edited(EXPORT, lambda text: text.replace("columns:", "columns: [")):
        assert "Not readable as exports: sheets_sync/exports/daily_sales.yaml." in rejection()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"STRING"', '"TEXT"', "sales has TEXT."),
        (
            '"NULLABLE"',
            '"NULLBLE"',
            "A mode is one of NULLABLE, REQUIRED, REPEATED. Invalid: sales has NULLBLE.",
        ),
        ("[", "{", "each with name and type. Invalid: sales."),
        ('"name": "id"', '"name": "first-name"', "Invalid: sales has first-name."),
        ('"name": "datetime"', '"name": "ID"', "declared twice (case is ignored): sales has id, ID."),
    ],
    ids=["an unknown type", "an unknown mode", "not JSON", "an invalid name", "a name twice"],
)
def test_a_schema_that_bigquery_would_reject(rejection, edited, before, after, sentence):
    with edited(SCHEMA, lambda text: text.replace(before, after, 1)):
        assert sentence in rejection()


def test_unknown_settings_in_tfvars(rejection, edited):
    """Terraform drops unknown attributes of an object without a message."""
    lines = 'schedules = { pausd = true }\nlimits = { rejects = 3, gib = 5 }\nregions = "x"\n'
    with edited(TFVARS, lambda text: text + lines):
        message = rejection()
    assert "Unknown settings in environments/local.tfvars" in message
    assert "regions, limits.gib, schedules.pausd." in message


def test_wrong_places_and_names(rejection):
    """All in one plan: a validation that fails does not hide the others."""
    message = rejection(
        "-var=region=europe-wst1",
        '-var=spreadsheets={daily_sales="x",daily_sale="y"}',
        '-var=export_urls={crm="https://x.example"}',
        '-var=export_buckets={archive="b"}',
        '-var=source_spreadsheets={plan="x"}',
        '-var=source_urls={retail="ftp://x"}',
        '-var=notices={smtp={host="",from="a@example.com",port=0}}',
        "-var=usd_per_tib=-1",
        "-var=watched_runs=1.5",
    )
    assert "Unknown region europe-wst1" in message
    assert "spreadsheets has names that are not exports to a spreadsheet: daily_sale." in message
    assert "export_urls has names that are not exports of kind http: crm." in message
    assert "export_buckets has names that are not exports of kind file: archive." in message
    assert "source_spreadsheets has names that are not sources of kind sheet: plan." in message
    assert "An address begins with https:// and has no blanks: 'ftp://x'." in message
    assert "notices.smtp needs a host" in message
    assert "The price of a TiB is above 0, not -1." in message
    assert "A number of runs is a whole number, 0 to watch no release: 1.5." in message


def test_data_and_jobs_on_two_continents(rejection):
    assert "location US and region europe-west1 are on two continents" in rejection("-var=location=US")


def test_an_unknown_location(rejection):
    message = rejection("-var=location=EUU")
    assert "A location is EU, US or a region such as EUROPE-WEST1, not EUU" in message


def test_a_location_may_be_a_region(create_plan):
    assert create_plan("local", "-var=location=ASIA-EAST1", "-var=region=asia-east1")


@pytest.mark.parametrize("number", ["0", "007", "123456789", "acme/retail"])
def test_a_repository_that_is_not_the_users(rejection, number):
    assert "repos/OWNER/NAME --jq .id" in rejection(f'-var=delivery={{repository_id="{number}"}}')


def test_the_tasks_of_an_endpoint_become_a_setting_of_the_pipeline(create_plan, edited):
    """Without any, as in the declarations of this repository, the setting is absent."""
    with edited(SOURCE, lambda text: text.replace("schedule: hourly", "schedule: hourly\n    tasks: 8")):
        variables = job_variables(create_plan("local"), "pipeline")
    assert json.loads(variables["CONNECTOR_TASKS"]["value"]) == {"retail/sales": 8}


def test_an_endpoint_with_an_unknown_schedule(rejection, edited):
    with edited(SOURCE, lambda text: text.replace("schedule: hourly", "schedule: hourl")):
        assert "A schedule is hourly or daily. Invalid: retail/sales has hourl." in rejection()


@pytest.mark.parametrize(
    "cron", ["99 * * * *", "every hour", "0 24 * * *", "*/0 * * * *", "5 17-9 * * *", "0 0 31 2 *", "@hourly"]
)
def test_an_invalid_schedule(rejection, cron):
    assert f"Invalid schedule '{cron}'" in rejection(f'-var=schedules={{hourly="{cron}"}}')


def test_an_unknown_time_zone(tree, sandbox, edited):
    """Terraform has no list of time zones; scripts.deploy has."""
    with edited(TFVARS, lambda text: text + 'schedules = { time_zone = "Europe/Brusels" }\n'):
        assert tree.script("bootstrap", "--env", "local", state=sandbox).returncode == 0
        result = tree.script("deploy", "plan", "--env", "local", state=sandbox)
    assert result.returncode == 1
    assert "unknown time zone 'Europe/Brusels'" in result.stderr
    assert "Europe/Brussels" in result.stderr


def test_a_channel_without_an_address(rejection):
    addresses = {"blank": " ", "empty": "", "name": "data-engineers"}
    channels = {name: {"address": address} for name, address in addresses.items()}
    message = rejection(f"-var=channels={json.dumps(channels)}")
    assert "Give name@example.com" in message
    assert "blank (email) has ' ', empty (email) has '', name (email) has 'data-engineers'" in message


def test_an_environment_without_tfvars(tree, sandbox):
    result = tree.script("deploy", "plan", "--env", "staging", state=sandbox)
    assert result.returncode == 1
    assert "environments/staging.tfvars does not exist. Existing: dev, local, prod." in result.stderr


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            'memory = { sheets_sync = "2GB" }',
            "Memory is a number with Mi or Gi, for example 512Mi or 2Gi, not '2GB'.",
        ),
        ('memory = { sheet_sync = "2Gi" }', "without any effect: memory.sheet_sync."),
        ('groups = { analysts = "a b@example.com" }', "A group is an address without a prefix"),
        ('groups = { analysts = "a@example" }', "A group is an address without a prefix"),
        (
            'notices = { smtp = { host = "https://smtp.example.com", from = "a@example.com" } }',
            "and a port from 1 to 65535, not 'https://smtp.example.com' and 587.",
        ),
        (
            'looker_report = "https://lookerstudio.google.com/reporting/0b4c/page/x"',
            "Give the report's id, not its address",
        ),
        ('looker_report = ""', "Give the report's id, not its address"),
        ('notices = { report = ["a@example.com"] }', "notices.report needs a mail server: set notices.smtp"),
        (
            'notices = { report = ["Team <a@example.com>", "b@example.com"] }',
            "not 'Team <a@example.com>', 'b@example.com'.",
        ),
        ('notices = { recipients = ["a@example.com"] }', "without any effect: notices.recipients."),
        ('source_urls = { retail = "https://api.example/v1 " }', "has no blanks: 'https://api.example/v1 '."),
        ("budget = { units = 12.5 }", "A budget is a whole number of at least 1, not 12.5."),
        ('channels = { a = { type = "emial", address = "a@example.com" } }', "Invalid: a (emial)."),
        ("retention_days = { raw = 30 }", "Partitions are kept for whole days, at least 100"),
    ],
)
def test_a_value_that_google_would_reject_or_that_has_no_effect(rejection, edited, line, sentence):
    with edited(TFVARS, lambda text: f"{text}\n{line}\n"):
        assert sentence in rejection()


def test_two_exports_to_one_tab_of_a_spreadsheet(tree, rejection, edited):
    """They would remove each other's rows."""
    copy = tree.folder / "sheets_sync/exports/weekly_sales.yaml"
    copy.write_text((tree.folder / EXPORT).read_text().replace("tab: Daily sales", "tab: daily SALES"))
    ids = 'spreadsheets = { daily_sales = "one", weekly_sales = "one" }'
    try:
        with edited(TFVARS, lambda text: text.replace("spreadsheets = {", "# {") + ids + "\n"):
            message = rejection()
    finally:
        copy.unlink()
    assert "daily_sales has 'Daily sales' of one, weekly_sales has 'daily SALES' of one" in message


def test_every_setting_is_known_to_the_check_of_tfvars():
    """A variable that tfvars.tf does not list would be rejected as unknown."""
    text = (ROOT / "environments/tfvars.tf").read_text()
    listed = re.findall(r'^    (\w+) += var\.\w+$|"(\w+)"', text, re.MULTILINE)
    names = {name for pair in listed for name in pair if name}
    assert set(read_blocks(ROOT / "environments", "variable")) <= names


def test_a_declared_memory_is_used(create_plan, edited):
    with edited(TFVARS, lambda text: text + '\nmemory = { sheets_sync = "4Gi" }\n'):
        assert '"4Gi"' in json.dumps(create_plan("local"))
