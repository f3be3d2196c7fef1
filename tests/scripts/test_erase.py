"""scripts.erase as an operator runs it; afterwards no table and no object has any of the person's data."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from runtime.lease import PIPELINE, Lease
from runtime.object_store import open_bucket
from sandbox import environment
from sandbox.process import running
from scripts.erase import EraseError
from scripts.erase.subject import is_personal, quoted_forms, read_subject, texts_of
from scripts.erase.tables import LOGS as SEARCHED
from scripts.erase.tables import SAME_NUMBER, SAME_TEXT, Tables
from scripts.sql_analysis.analyzer import GoogleSql
from tests.crash_campaign.proxy import PlannedKill, Proxy
from tests.dataform.engines.project import lay_out
from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import LOG_SCHEMAS, connect, log_fields
from tests.dataform.retail import FILES, customer, file, files_by_table

TRACES = ("Zelda Quist", "Z. Quist-Old", "17@example.com", "555-7717", "17-income", "17@old.example")
LOGS = ("erasures", "sync_row", "notice_log", "action_log", "step_log", "pipeline_log")
QUOTED = {"action_log": "reason", "step_log": "reason", "pipeline_log": "error", "notice_log": "target"}


def person(id, **other):
    return customer(id, "Zelda Quist") | {
        "email": "17@example.com",
        "phone": "+1-555-7717",
        "income": "17-income",
        **other,
    }


VERSIONS = {
    file("customers", 4): [person(17), customer(1)],
    file("customers", 5): [person(" 17 ", phone="+1-555-7717 x2"), customer(1)],
    file("customers", 6): [customer(1)],  # left the list
    file("customers", 7): [person("017"), customer(1)],
}
REJECTED = {file("customers", 8): [person("17 or 18"), customer(1)]}


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    with running(tmp_path_factory.mktemp("erase")) as state:
        yield state


class Warehouse:
    def __init__(self, state, graph):
        self.state, self.warehouse = state, connect(state.address, state.project)
        self.bucket = f"{state.project}-landing"
        self.objects = f"{state.address}/storage/v1/b/{self.bucket}/o"
        requests.post(
            f"{state.address}/storage/v1/b",
            params={"project": state.project},
            json={"name": self.bucket},
            timeout=10,
        ).raise_for_status()
        client = self.warehouse.client
        for name in LOGS:
            columns = [bigquery.SchemaField.from_api_repr(field) for field in log_fields(name)]
            client.create_table(bigquery.Table(f"{state.project}.ops.{name}", columns))
        self.load({**files_by_table(FILES), "customers": files_by_table(FILES)["customers"] | VERSIONS})
        self.runner = Runner(self.warehouse, graph)
        self.runner.run()

    def load(self, tables):
        for table, files in tables.items():
            self.warehouse.load(table, files)

    def put(self, name, content):
        address = self.objects.replace("/storage/", "/upload/storage/")
        parameters = {"uploadType": "media", "name": name}
        requests.post(address, params=parameters, data=content, timeout=10).raise_for_status()

    def contents(self):
        listing = requests.get(self.objects, timeout=10).json()
        return {
            item["name"]: requests.get(
                f"{self.objects}/{item['name'].replace('/', '%2F')}", params={"alt": "media"}, timeout=10
            ).text
            for item in listing.get("items", [])
        }

    def traces(self):
        """Where any text of the person is, in every table of every dataset and every object."""
        client = self.warehouse.client
        places = {name for name, text in self.contents().items() if any(trace in text for trace in TRACES)}
        for dataset in client.list_datasets():
            for table in client.list_tables(dataset.reference):
                if self.mentions(client.get_table(table.reference)):
                    places.add(f"{table.dataset_id}.{table.table_id}")
        return places

    def mentions(self, table):
        column = table.time_partitioning.field if table.time_partitioning else None
        where = f"({column} > '0001-01-01' or {column} is null)" if column else "true"
        if table.range_partitioning:
            where = f"({table.range_partitioning.field} > -1 or {table.range_partitioning.field} is null)"
        name = f"{table.dataset_id}.{table.table_id}"
        rows = self.warehouse.query(f"select to_json_string(one) as text from `{name}` as one where {where}")
        return any(trace in row["text"] for row in rows for trace in TRACES)


STATE = (
    {"place": "https://crm.example/contacts"},
    {"key": [17], "record": {"id": "17", "email": "17@example.com"}},
    {"key": [1], "record": {"id": "1", "email": "1@example.com"}},
)


def lines(name, rows):
    return "".join(json.dumps({"SYS_FILE_NAME": name} | row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def shop(state, tmp_path_factory):
    shop = Warehouse(state, lay_out(tmp_path_factory.mktemp("dataform") / "project", "p").compile())
    for number, (name, rows) in enumerate((VERSIONS | REJECTED).items()):
        stage = ("archive/20260104", "archive/20260105", "in", "failed/2026/01/07/09h", "processing")[number]
        shop.put(f"retail/customers/{stage}/{name}", lines(name, rows))
    rejected = {"line": 3, "reason": "no such field", "text": json.dumps(person(17))}
    shop.put("retail/customers/rejects/20260104/x.json", json.dumps(rejected) + "\nnot json\n")
    # In the folder of before 2026-11-28, of a list that has expired in raw; and in a log.
    expired = f"customers/archive/20251231/{file('customers', 1)}"
    shop.put(expired, lines(file("customers", 1), [person(17, email="17@old.example")]))
    shop.warehouse.query(quoting("run_log", "error", "no mailbox 17@old.example"))
    shop.put("sheets_sync/contacts.ndjson", "".join(json.dumps(line) + "\n" for line in STATE))
    client = shop.warehouse.client
    for dataset in ("snapshots", "ods_ada"):
        client.create_dataset(dataset)
    shop.warehouse.query("create table snapshots.customers_20260105 as select * from ods.customers")
    shop.warehouse.query("create table ods_ada.customers as select * from ods.customers")
    # A copy by day, one of whose rows has no day, with a value that raw has lost.
    shop.warehouse.query(
        "create table ods_ada.versions (id int64, name string, day date) partition by day "
        "options(require_partition_filter = true)"
    )
    shop.warehouse.query("insert into ods_ada.versions values (17, 'Zelda Quist', null), (1, 'Zoe', null)")
    shop.warehouse.query("insert into ods_ada.versions values (17, 'Z. Quist-Old', date '2026-01-05')")
    # Another entity with a column of that name; a file of raw has the first part of its name.
    shop.warehouse.query("create table ods_ada.sales_people as select 17 as id, 'Till 17' as name")
    shop.warehouse.query(quoting("run_log", "error", "Bad value: Z. Quist-Old"))
    columns = "run_id, export, logged_at, state, key, detail"
    shop.warehouse.query(
        f"insert into ops.sync_row ({columns}) values "
        "('r', 'e', current_timestamp(), 'drift', '17', 'Zelda Quist was changed'), "
        "('r', 'e', current_timestamp(), 'drift', '18', 'another row')"
    )
    for log, column in QUOTED.items():
        shop.warehouse.query(quoting(log, column, "Bad value: 17@example.com"))
    return shop


def quoting(log, column, text):
    """An INSERT of a row with `text` in one column and any value in the required ones."""
    kinds = {
        f["name"]: f["type"] for f in log_fields(log) if f.get("mode") == "REQUIRED" or f["name"] == column
    }
    value = {"STRING": "'a'", "TIMESTAMP": "current_timestamp()", column: f"'{text}'"}
    values = [value.get(name, value.get(kind, "1")) for name, kind in kinds.items()]
    return f"insert into ops.{log} ({', '.join(f'`{name}`' for name in kinds)}) values ({', '.join(values)})"


ERASE = (sys.executable, "-m", "scripts.erase")


def where(state):
    return ["--project", state.project, "--region", "europe-west1", "--location", "EU"]


@pytest.fixture(scope="module")
def command(state):
    def run(*arguments):
        return subprocess.run(
            [*ERASE, *where(state), *arguments],
            capture_output=True,
            text=True,
            env=environment.clients(state, state.identity("operator")) | {"PATH": "/usr/bin:/bin"},
            timeout=180,
            check=False,
        )

    return run


PLACES = {
    "dmt.sales_final",
    "ods.customers",
    "ods.customers_changes",
    "ods.customers_history",
    "ods_ada.customers",
    "ods_ada.versions",
    "ops.run_log",
    "ops.sync_row",
    *(f"ops.{log}" for log in QUOTED),
    "raw.customers",
    "snapshots.customers_20260105",
}


def test_a_dry_run_lists_every_place_and_changes_nothing(command, shop):
    before = shop.traces()
    result = command("--table", "customers", "--key", "17", "--dry-run")
    assert (result.returncode, result.stderr) == (0, "")
    assert before - {name for name in before if "/" in name} == PLACES - {"dmt.sales_final"} | (
        before & {"dmt.sales_final", "staging.customers"}
    )
    assert "table   raw.customers: 3 rows" in result.stdout
    assert shop.traces() == before


def test_a_snapshot_with_data_is_named_and_ends_the_command(command, shop):
    """Nothing can change it; an erasure that left it would be recorded as complete."""
    shop.warehouse.query("create snapshot table snapshots.customers_old clone ods.customers")
    dry_run = command("--table", "customers", "--key", "17", "--dry-run")
    assert "snapshot snapshots.customers_old: cannot be changed\n" in dry_run.stdout
    subject = read_subject("customers", "17")
    assert Tables(shop.warehouse.client, subject).find_snapshots() == ["snapshots.customers_old"]
    assert Tables(shop.warehouse.client, replace(subject, key="99")).find_snapshots() == []
    shop.warehouse.query("drop snapshot table snapshots.customers_old")


@pytest.mark.parametrize("number", [90, 150])
def test_an_erasure_that_is_killed_is_completed_by_the_next(state, shop, number):
    """Texts that only a file has are still found in the logs: files are erased last."""
    arguments = ["--table", "customers", "--key", "17"]
    with Proxy(state.address) as proxy:
        address = {"PATH": "/usr/bin:/bin"} | {
            name: text.replace(state.address, proxy.url)
            for name, text in environment.clients(state, state.identity("operator")).items()
        }
        with subprocess.Popen([*ERASE, *where(state), *arguments], env=address) as process:
            proxy.reset(PlannedKill(number, "before", process.pid))
            process.wait(timeout=180)
    assert process.returncode < 0
    # The logs are complete before a file or a row of raw is changed.
    assert {"raw.customers", f"customers/archive/20251231/{file('customers', 1)}"} <= shop.traces()


def test_an_erasure_beside_a_run_is_refused_and_names_no_key(state, command, shop):
    """The run has read the rows, and would write them again."""
    store = open_bucket(AnonymousCredentials(), state.address, shop.bucket, connections=2)
    with Lease(store, PIPELINE, dict[str, str], holder="hourly", renew_seconds=0.5):
        refused = command("--table", "customers", "--key", "17")
        assert command("--table", "customers", "--key", "17", "--dry-run").returncode == 0
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"erase: hourly holds the lease gs://{shop.bucket}/{PIPELINE}.")


def test_no_trace_is_left_and_the_sales_stay(command, shop):
    sales = shop.warehouse.rows("dmt.daily_sales")
    shop.warehouse.client.delete_table(f"{shop.warehouse.project}.staging.customers")  # expires after a day
    result = command("--table", "customers", "--key", "17")
    assert (result.returncode, result.stderr) == (0, "")
    invalid = f"retail/customers/processing/{next(iter(REJECTED))}"
    assert shop.traces() == {invalid}  # the row of another key, '17 or 18'
    assert shop.warehouse.rows("dmt.daily_sales") == sales
    [row] = shop.warehouse.rows("ods.customers", "id, name, email, phone, age, income, is_listed", "id = 17")
    assert list(row.values()) == [17, None, None, None, None, None, True]
    others = shop.warehouse.rows("ods.customers", "name", "id != 17")
    assert len(others) == 3 and all(row["name"] for row in others)
    assert shop.warehouse.rows("ods_ada.sales_people", "id, name") == [{"id": 17, "name": "Till 17"}]
    history = shop.warehouse.rows("ods.customers_history", "valid_from, change", "id = 17")
    assert [row["change"] for row in history] == ["new", "removed", "returned"]
    archived = shop.contents()[f"retail/customers/archive/20260104/{file('customers', 4)}"]
    assert [json.loads(line)["id"] for line in archived.splitlines()] == [17, 1]
    exported = shop.contents()["sheets_sync/contacts.ndjson"].splitlines()
    assert [json.loads(line) for line in exported] == [STATE[0], STATE[1] | {"record": {}}, STATE[2]]
    assert [row["detail"] for row in shop.warehouse.rows("ops.sync_row", "key, detail")] == [
        "another row",
        "erased",
    ][::-1]


def test_the_log_has_neither_key_nor_data(shop):
    [row] = shop.warehouse.rows("ops.erasures")
    assert (row["table_name"], row["subject"]) == ("customers", hashlib.sha256(b"customers/17").hexdigest())
    assert (row["row_count"] > 0, row["object_count"]) == (True, 5)  # of the run after those that were killed


def test_a_full_refresh_brings_nothing_back(shop):
    before = shop.warehouse.rows("ods.customers")
    shop.runner.run(full_refresh=True)
    assert [row["id"] for row in shop.warehouse.rows("ods.customers")] == [row["id"] for row in before]
    assert [name for name in shop.traces() if "." in name and "/" not in name] == []


def test_a_repeated_erasure_finds_nothing(command, shop):
    result = command("--table", "customers", "--key", "17", "--dry-run")
    assert result.stdout == "dry run: 0 rows and 0 objects have data; nothing was changed\n"


def test_rows_that_could_not_be_typed_are_erased_too(command, shop):
    shop.load({"customers": REJECTED})
    shop.runner.run()
    assert "ods.customers_rejects" in shop.traces()
    result = command("--table", "customers", "--key", "17 or 18")
    assert (result.returncode, result.stderr) == (0, "")
    assert [name for name in shop.traces() if not name.startswith("staging.")] == []


@pytest.mark.parametrize(
    ("key", "value", "is_same"),
    [
        ("17", "017", True),
        ("17", 17, True),
        ("17", " 17\n", True),
        ("017", "17", True),
        ("-17", "-017", True),
        ("0", "000", True),
        ("17", "0x11", False),  # BigQuery's SAFE_CAST reads it as 17
        ("17", "\u0661\u0667", False),  # Arabic digits, as int() reads them
        ("17", "--17", False),
        ("17", "-17", False),
        ("17", "17.0", False),
        ("17", None, False),
        ("None", None, False),
        ("17", "1" * 5000, False),  # int() raises
        ("17", "\u00a017\u2003", True),
        ("17", "\x1c17", False),  # a separator that str.strip() removes
        ("zz", "zz", True),
        ("caf\u00e9", "cafe\u0301", False),
        ('O\'Neil \\ "x"', 'O\'Neil \\ "x"', True),
    ],
)
def test_files_and_tables_compare_keys_alike(shop, key, value, is_same):
    subject = replace(read_subject("customers", "17"), key=key)
    assert subject.matches(value) == is_same
    literal = "cast(null as string)" if value is None else json.dumps(str(value))
    sql = SAME_NUMBER.format(key=literal).replace("@key", json.dumps(key))
    [here] = shop.warehouse.query(f"select ifnull({sql}, false) as is_same")
    assert here["is_same"] == is_same
    assert GoogleSql().evaluate(f"select cast(ifnull({sql}, false) as string)") == [(str(is_same).lower(),)]


@pytest.mark.parametrize(
    ("value", "is_same"), [("01", True), (" 01\u00a0", True), ("1", False), ("001", False), ("\x1c01", False)]
)
def test_a_key_that_is_a_text_keeps_its_zeros(value, is_same):
    subject = replace(read_subject("customers", " 01 "), is_number=False)
    assert subject.matches(value) == is_same
    sql = SAME_TEXT.format(key=json.dumps(value)).replace("@key", json.dumps(subject.key))
    assert GoogleSql().evaluate(f"select cast({sql} as string)") == [(str(is_same).lower(),)]


@pytest.mark.parametrize(
    ("table", "is_own"),
    [
        ("customers", True),
        ("customers_20260105", True),
        ("customers_changes", True),
        ("versions", True),  # named after none
        ("stores", False),
        ("stores_changes", False),
        ("customers_eu", False),
        ("customers_eu_20260105", False),
        ("customers_europe", True),
    ],
)
def test_tables_that_are_named_after_another_one_of_raw_are_not_searched(table, is_own):
    others = frozenset({"stores", "customers_eu"})
    assert replace(read_subject("customers", "17"), other_tables=others).may_own(table) == is_own


def test_a_record_with_a_personal_column_is_personal():
    street = {"name": "street", "description": "The street. Personal data."}
    assert is_personal({"name": "homes", "fields": [{"name": "first", "fields": [street]}]})
    assert not is_personal({"name": "homes", "fields": [{"name": "city", "description": "The city."}]})


def test_a_log_quotes_a_text_in_several_forms():
    forms = quoted_forms(' Zo\u00eb "Z" O\\Neil\n')
    for quote in (json.dumps, repr, str.strip):
        assert quote('Zo\u00eb "Z" O\\Neil').strip("'") in {f'"{form}"' for form in forms} | forms
    assert 'Zoe\u0308 "Z" O\\Neil' in forms
    assert list(texts_of([{"mail": "a@b.c", "no": None}, "", 7])) == ["a@b.c", "7"]


def test_every_text_of_a_log_that_can_quote_a_value_is_searched():
    sentences = {"reason", "error", "notes", "detail", "what", "notice"}
    for path in LOG_SCHEMAS.glob("*.json"):
        names = {field["name"] for field in json.loads(path.read_text())} & sentences
        assert names <= set(SEARCHED.get(f"ops.{path.stem}", ())), path.stem


def test_a_key_that_is_personal_is_rejected(tmp_path, monkeypatch):
    """The row would keep it, and the erasure would be recorded as complete."""
    monkeypatch.setattr("scripts.erase.subject.CONNECTOR", tmp_path)
    endpoint = {"path": "/readers", "table": "readers", "key": ["email"]}
    fields = [{"name": "email", "description": "The mail address. Personal data."}, {"name": "plan"}]
    files = {"sources/club.yaml": {"endpoints": {"readers": endpoint}}, "schemas/readers.json": fields}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(
        EraseError, match="its key 'email' is described as 'Personal data', and every row keeps"
    ):
        read_subject("readers", "ada@example.com")


def test_an_empty_key_is_rejected():
    with pytest.raises(EraseError, match=r"invalid --key ' ': expected the key of a row"):
        read_subject("customers", " ")


PAYLOAD = json.dumps({"id": "17", "emails": ["c@17.example"], "homes": [{"street": "18 Elm St"}]})


def test_texts_in_arrays_and_records_are_erased(state):
    """Also in rejects, whose row is JSON text."""
    client = connect(state.address, "arrays").client
    client.create_dataset("ods")
    client.query_and_wait(
        "create table ods.customers (id int64, name string, emails array<string>, homes array<struct<street string>>)"
    )
    client.query_and_wait(
        "insert into ods.customers values (17, null, ['a@17.example', 'b@17.example'], [struct('17 Elm St')]), "
        "(1, 'Ada', ['a@1.example'], [struct('1 Elm St')]), (17, null, [], [])"
    )
    client.query_and_wait(f"create table ods.customers_rejects as select '{PAYLOAD}' as payload")
    columns = ("name", "emails", "homes")
    subject = replace(read_subject("customers", "17"), columns=columns, personal=columns[1:])
    tables = Tables(client, subject)
    values = tables.read_values()
    assert values == {"a@17.example", "b@17.example", "c@17.example", "17 Elm St", "18 Elm St"}
    erased = {place.name: place.rows for place in tables.erase(values, dry_run=False) if place.rows}
    assert erased == {"ods.customers": 1, "ods.customers_rejects": 1}
    rows = client.query_and_wait("select id, emails, homes from ods.customers order by id")
    other = (1, ["a@1.example"], [{"street": "1 Elm St"}])
    assert [tuple(row) for row in rows] == [other, (17, [], []), (17, [], [])]
    [rejected] = client.query_and_wait("select payload from ods.customers_rejects")
    assert json.loads(rejected["payload"]) == {"id": "17", "name": None, "emails": None, "homes": None}
    assert [place for place in tables.erase(values, dry_run=True) if place.rows] == []


@pytest.mark.parametrize("table", ["orders", "products"])
def test_a_table_without_personal_data_is_rejected(command, shop, table):
    result = command("--table", table, "--key", "17")
    assert result.returncode == 1
    assert f"erase: invalid --table '{table}': no " in result.stderr
