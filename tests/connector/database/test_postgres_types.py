"""Every value of PostgreSQL arrives as the server's own text, compared with what the driver receives over the wire."""

import json

import psycopg
import pytest

from connector.sources.window import IdRange
from tests.connector.database.servers import read, read_with_reject

KINDS = ["postgres"]
# Columns and four values each; NULL and the odd ones of the type.
TYPES = {
    "c_smallint": ("smallint", "-32768", "32767", "0", "null"),
    "c_int": ("int", "-2147483648", "2147483647", "0", "null"),
    "c_bigint": ("bigint", "-9223372036854775808", "9223372036854775807", "0", "null"),
    "c_numeric": ("numeric", "'NaN'", "'Infinity'", "1e-30", "12345678901234567890123456789.123456789012345678901"),
    "c_numeric_38_10": ("numeric(38,10)", "1234567890123456789012345678.0123456789", "'NaN'", "-0.0000000001", "null"),
    "c_real": ("real", "'NaN'", "'-Infinity'", "0.1", "16777217"),
    "c_double": ("double precision", "'NaN'", "0.30000000000000004", "1e308", "5e-324"),
    "c_money": ("money", "1234567.89", "-0.01", "0", "null"),
    "c_boolean": ("boolean", "true", "false", "null", "true"),
    "c_text": ("text", "'a\"\\b' || chr(10) || chr(1) || chr(2) || chr(9)", "''", "'é€😀 \u2028'", "null"),
    "c_varchar": ("varchar(5)", "'ab   '", "'é€😀xy'", "''", "null"),
    "c_char": ("char(3)", "'a'", "'abc'", "'é'", "null"),
    "c_name": ("name", "'n'", "'a b'", "'é'", "null"),
    "c_bytea": ("bytea", "'\\x00ff0a'", "''", "'\\x22'", "null"),
    "c_date": ("date", "'infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'2024-02-29'"),
    "c_time": ("time", "'24:00'", "'23:59:59.999999'", "'00:00'", "null"),
    "c_timetz": ("timetz", "'24:00+14'", "'12:00:00.5-05:30'", "'00:00+00'", "null"),
    "c_timestamp": ("timestamp", "'infinity'", "'0044-03-15 12:00 BC'", "'294276-12-31 23:59:59.999999'", "null"),
    "c_timestamptz": ("timestamptz", "'-infinity'", "'2024-03-31 02:30+01'", "'294276-12-31 23:59+00'", "null"),
    "c_interval": ("interval", "'1 year 2 mons 3 days 04:05:06.789'", "'-1 mon 1 day'", "'-infinity'", "null"),
    "c_json": ("json", "'{\"a\":1.10,\"b\":1e400,\"a\":2}'", "'[1, 2]'", "'null'", "null"),
    "c_jsonb": ("jsonb", "'{\"b\": 123456789012345678901234567890.10}'", "'\"\\u00e9\\n\"'", "'null'", "null"),
    "c_uuid": ("uuid", "'00000000-0000-0000-0000-000000000001'", "null", "null", "null"),
    "c_enum": ("shop.mood", "'sad'", "'very \"happy\"'", "null", "'sad'"),
    "c_domain": ("shop.positive", "1", "2", "null", "3"),
    "c_composite": ("shop.pair", "row(1, 'a,\"b')", "row(null, '')", "null", "row(2, null)"),
    "c_int_array": ("int[]", "'{{1,2},{3,NULL}}'", "'[0:1]={7,8}'", "'{}'", "null"),
    "c_text_array": ("text[]", "array['a,b', 'c\"d', null, 'NULL']", "'{}'", "array[e'\\\\']", "null"),
    "c_inet": ("inet", "'192.168.0.1/24'", "'::1'", "'10.0.0.1'", "null"),
    "c_cidr": ("cidr", "'192.168.0.0/24'", "'::/0'", "null", "null"),
    "c_macaddr": ("macaddr", "'08:00:2b:01:02:03'", "null", "null", "null"),
    "c_bit": ("bit(3)", "b'101'", "b'000'", "null", "b'111'"),
    "c_varbit": ("bit varying", "b'1'", "b''", "null", "b'101010101'"),
    "c_range": ("int4range", "'[1,5)'", "'empty'", "'(,5)'", "null"),
    "c_tstzrange": ("tstzrange", "'[2024-01-01 00:00+05,infinity]'", "'empty'", "null", "null"),
    "c_multirange": ("int4multirange", "'{[1,3),[5,9)}'", "'{}'", "null", "null"),
    "c_tsvector": ("tsvector", "'a:1A fat:2 ''it''''s'':3'", "''", "null", "null"),
    "c_point": ("point", "'(0.1,-1e300)'", "'(NaN,Infinity)'", "null", "null"),
    "c_polygon": ("polygon", "'((0,0),(0,1.5),(1,1))'", "null", "null", "null"),
    "c_oid": ("oid", "4294967295", "0", "null", "1"),
    "c_pg_lsn": ("pg_lsn", "'16/B374D848'", "null", "null", "null"),
    "c_xid8": ("xid8", "'18446744073709551615'", "null", "null", "null"),
}  # fmt: skip
DEFINITIONS = [
    "create type shop.mood as enum ('sad', 'very \"happy\"')",
    "create domain shop.positive as int check (value > 0)",
    "create type shop.pair as (a int, b text)",
]
# The types whose text differs from the wire's: true and t, char(n) without padding, as PostgreSQL compares it, and
# addresses with their mask.
EXCEPTIONS = {
    "c_inet": {"::1": "::1/128", "10.0.0.1": "10.0.0.1/32"},
    "c_boolean": {"t": "true", "f": "false"},
    "c_char": {"a  ": "a", "é  ": "é"},
}


@pytest.fixture
def odd_table(server):
    columns = ", ".join(f'"{name}" {values[0]}' for name, values in TYPES.items())
    rows = [f"({row}, {', '.join(values[row] for values in TYPES.values())})" for row in range(1, 5)]
    server.execute(
        *DEFINITIONS,
        "alter database postgres set datestyle = 'SQL, DMY'",
        "alter database postgres set timezone = 'America/New_York'",
        "alter database postgres set bytea_output = 'escape'",
        "alter database postgres set extra_float_digits = 0",
        "alter database postgres set intervalstyle = 'iso_8601'",
        f"create table shop.orders (id int primary key, {columns})",
        f"insert into shop.orders values {', '.join(rows)}",
    )
    yield
    server.execute("alter database postgres reset all")


def read_over_the_wire(server):
    """The texts of the output functions, by the driver and without any of its conversions."""
    settings = "-c timezone=UTC -c datestyle=ISO,YMD -c extra_float_digits=1 -c intervalstyle=postgres"
    with psycopg.connect(
        server.root, options=f"{settings} -c bytea_output=hex -c lc_monetary=C"
    ) as connection:
        result = connection.execute("select * from shop.orders order by id").pgresult
        assert result is not None
        names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
        values = [
            [result.get_value(row, column) for column in range(result.nfields)]
            for row in range(result.ntuples)
        ]
    return [
        {name: None if value is None else value.decode() for name, value in zip(names, row, strict=True)}
        for row in values
    ]


def test_no_value_of_any_type_is_lost(server, create, odd_table):
    assert len(TYPES) > 30
    reader = create(columns=["id", *TYPES, "SYS_FILE_NAME"])
    plan = reader.make_plan(IdRange())
    rows = sorted(read(reader, plan), key=lambda row: row["id"])
    expected = read_over_the_wire(server)
    for row in expected:
        for name, texts in EXCEPTIONS.items():
            row[name] = texts.get(row[name], row[name])
    differences = [
        (name, value, row[name])
        for row, wire in zip(rows, expected, strict=True)
        for name, value in wire.items()
        if row[name] != value
    ]
    assert differences == []
    assert {row["SYS_FILE_NAME"] for row in rows} == {"f.json"}
    assert plan.notes == plan.unmapped == ()


def test_a_value_that_the_server_cannot_write_is_a_reject(server, create):
    """A function in a view fails for one row of 1000; the others are copied."""
    server.create_orders(1000)
    server.execute(
        "create view shop.inverse as select id, 1 / (id - 700) as name, updated_at from shop.orders",
    )
    parts, reject = read_with_reject(create(relation="shop.inverse", limits={"page_rows": 400}))
    assert sum(part.rows for part in parts) == 999
    assert json.loads(reject.line) == {"id": "700"}
    assert "cannot write a value of shop.inverse: division by zero" in reject.reason
    assert [part.note for part in parts if part.note] != []
