"""Ranges of keys: every row in exactly one part, whatever the key, also if the run is killed in between."""

import io
import json
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.landing.files import Landing
from connector.landing.names import Run
from connector.run.context import RunContext
from connector.run.extract import extract
from connector.run.state import RunState
from connector.sources import registry
from connector.sources.window import IdRange
from runtime.structured_log import StructuredLog
from tests.connector.database.servers import COLUMNS, ORDERS, read
from tests.connector.landing_harness import KeptLease, NoWarehouse
from tests.fakes.memory_store import MemoryStore

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
PROPERTY = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def quote(server, value):
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if server.kind == "postgres":
        return f"convert_from('\\x{value.encode().hex()}', 'UTF8')"
    return f"_utf8mb4 x'{value.encode().hex()}'" if value else "''"


def fill(server, columns, rows):
    values = ", ".join(f"({', '.join(quote(server, value) for value in row)})" for row in rows)
    server.execute(
        "drop table if exists shop.orders",
        f"create table shop.orders ({columns})",
        *([f"insert into shop.orders values {values}"] if rows else []),
    )


def numbers(reader):
    """The numbers of all rows, in the order of the parts."""
    return [int(row["n"]) for row in read(reader, reader.make_plan(IdRange()))]


@PROPERTY
@given(rows=st.lists(st.tuples(TEXTS, INTEGERS), max_size=40), size=st.integers(1, 9))
def test_keys_of_text_and_number(server, rows, size):
    """Not unique: a view, or a wrong declaration. Rows of the same key stay together."""
    fill(server, "n int, a varchar(20), b bigint", [(n, *row) for n, row in enumerate(rows)])
    reader = server.create_reader(key=["a", "b"], limits={"page_rows": size})
    assert sorted(numbers(reader)) == list(range(len(rows)))
    reader.sessions.close()


@PROPERTY
@given(
    rows=st.lists(st.tuples(st.none() | st.integers(0, 3), st.none() | TEXTS), max_size=40),
    size=st.integers(1, 9),
)
def test_keys_with_nulls(server, rows, size):
    fill(server, "n int, a int, b varchar(20)", [(n, *row) for n, row in enumerate(rows)])
    reader = server.create_reader(key=["a", "b"], limits={"page_rows": size})
    assert sorted(numbers(reader)) == list(range(len(rows)))
    reader.sessions.close()


@PROPERTY
@given(keys=st.sets(INTEGERS, max_size=60), size=st.integers(1, 9))
def test_parts_of_a_unique_key_have_the_declared_size(server, keys, size):
    fill(server, "id bigint primary key", [(key,) for key in keys])
    reader = server.create_reader(limits={"page_rows": size})
    sizes = [reader.read_part(part, "f").rows for part in reader.make_plan(IdRange()).parts]
    assert sum(sizes) == len(keys)
    assert set(sizes[:-1]) <= {size}
    assert sizes[-1] <= size
    reader.sessions.close()


KEYS = [
    ("date", "'2024-02-29'", "'1900-01-01'", "'9999-12-31'"),
    ("numeric(20,5)", "0.00001", "-5", "1234567890.12345"),
    ("char(4)", "'a'", "'A b'", "'é'"),
    ("varchar(9)", "'O''Brien'", "'a\"b'", "'%_'"),
]
KEYS_OF_KIND = {
    "postgres": [
        ("uuid", "'00000000-0000-0000-0000-00000000000a'", "gen_random_uuid()", "gen_random_uuid()"),
        ("timestamptz", "'infinity'", "'-infinity'", "'2024-01-01 00:00:00.000001+05'"),
        ("bytea", "'\\x00ff'", "'\\x'", "'\\xff'"),
        ("double precision", "'NaN'", "0.30000000000000004", "'-Infinity'"),
        ("interval", "'1 mon'", "'-5 days'", "'1 second'"),
        ("inet", "'10.0.0.1'", "'::1'", "'10.0.0.0/8'"),
    ],
    "mysql": [
        ("binary(2)", "x'00ff'", "x'0000'", "x'ff00'"),
        ("varchar(9) character set latin1 collate latin1_bin", "'é'", "'E'", "'z'"),
        ("datetime(6)", "'2024-01-01 00:00:00.000001'", "'1000-01-01'", "'0000-00-00'"),
        ("bigint unsigned", "18446744073709551615", "0", "7"),
        ("enum('b','a','c')", "'a'", "'b'", "'c'"),
        ("double", "0.30000000000000004", "-1e300", "5e-324"),
        ("bit(9)", "b'101'", "b'0'", "b'111111111'"),
        ("uuid", "'00000000-0000-0000-0000-00000000000a'", "'f0000000-0000-0000-0000-000000000000'", "uuid()"),
        ("year", "2024", "1901", "0"),
        ("set('x','y','z')", "'x,y'", "''", "'z'"),
        ("varchar(9) character set latin1 collate latin1_swedish_ci", "'é'", "'F'", "'ÿ'"),
        ("varchar(9) character set sjis", "'ア'", "'あ'", "'~'"),
        ("time(6)", "'-838:59:59'", "'00:00:00.000001'", "'838:59:59'"),
        ("float", "0.1", "-1e30", "16777216"),
        ("decimal(6,2) zerofill", "1.5", "0", "12.25"),
        ("inet6", "'::1'", "'10.0.0.1'", "'ff::'"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("number", range(4 + 16))
def test_keys_of_every_type(server, create, number):
    """Parts of one row: the text of a key turns back into the same value."""
    cases = KEYS + KEYS_OF_KIND[server.kind]
    case = cases[number % len(cases)]
    rows = ", ".join(f"({value})" for value in case[1:])
    server.execute(
        f"create table shop.orders (k {case[0]} primary key)", f"insert into shop.orders values {rows}"
    )
    reader = create(key=["k"], limits={"page_rows": 1})
    plan = reader.make_plan(IdRange())
    assert len({row["k"] for row in read(reader, plan)}) == 3
    assert [reader.read_part(position, "f").rows for position in plan.parts] == [1, 1, 1]
    # Rows that the comparison misses are fetched by their keys.
    listed = [json.loads(line) for page in reader.iter_keys(None) for line in page.lines.splitlines()]
    [by_key] = reader.plan_by_key([row["SYS_KEY"] for row in listed])
    fetched = [json.loads(line)["k"] for line in reader.read_part(by_key, "f").lines.splitlines()]
    assert sorted(fetched) == sorted(row["k"] for row in listed)


class Killed(BaseException):
    """As kill -9: nothing of the process runs after it."""


def join_threads():
    """A killed process has no threads; those of a part in flight would open a session after the others are closed."""
    for thread in threading.enumerate():
        if thread.name.startswith("page_"):
            thread.join()


SCHEMA = [
    *({"name": name, "type": "STRING"} for name in COLUMNS[:-1]),
    {"name": "SYS_DATE_CREATE", "type": "TIMESTAMP"},
    {"name": "SYS_FILE_NAME", "type": "STRING"},
]


class Process:
    """One process after another: they share the bucket and the state that the lease stores."""

    def __init__(self, server, schema_folder):
        self.server, self.store, self.reads = server, MemoryStore(), 0
        self.schema_folder = schema_folder
        (schema_folder / "orders.json").write_text(json.dumps(SCHEMA))
        run = Run.create("orders", 1_795_246_443_000, "0a1b2c3d")
        self.state = RunState(id=run.id, endpoint="orders", began=run.began)
        declared = {"kind": server.kind, "url": server.url(), "endpoints": {"orders": ORDERS}}
        self.endpoint = registry.parse_source(declared, "erp.yaml").endpoints["orders"]

    def run(self, killed_at=None):
        reader = self.server.create_reader(limits={"page_rows": 100})
        read_part, create = reader.read_part, self.store.create
        writes = list[int]()

        def count(position, file_name):
            self.reads += 1
            return read_part(position, file_name)

        def write(*arguments):
            if killed_at is not None and len(writes) >= killed_at:
                raise Killed
            writes.append(1)
            return create(*arguments)

        reader.read_part = count
        self.store.create = write  # type: ignore[method-assign]  # counts, and kills the process
        context = RunContext(
            name="orders",
            endpoint=self.endpoint,
            reader=reader,
            landing=Landing(self.store, "orders"),
            store=self.store,
            warehouse=NoWarehouse(),
            log=StructuredLog(io.StringIO()),
            schema_folder=self.schema_folder,
        )
        try:
            return extract(context, KeptLease(self), self.state)
        finally:
            join_threads()
            self.store.create = create  # type: ignore[method-assign]  # as it was
            reader.sessions.close()


@pytest.mark.parametrize("written", range(0, 10))
def test_a_killed_run_requests_only_parts_that_are_not_in_the_bucket(server, written, tmp_path):
    """So at most as many parts as connections are read twice: those that were in flight."""
    server.create_orders(1000)
    process = Process(server, tmp_path)
    with pytest.raises(Killed):
        process.run(killed_at=written)
    reads = process.reads
    state = process.run()
    assert (state.rows, state.pages, state.missing) == (1000, 10, None)
    assert len(process.store.names("orders/in/")) == 10
    assert process.reads - reads == 10 - written
    assert reads <= 10
