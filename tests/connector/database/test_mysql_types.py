"""Every value of MariaDB arrives as exact text, compared with what the driver receives over the wire."""

import base64
import struct
from typing import Any

import pymysql
import pytest
from pymysql.converters import encoders

from connector.errors import RequestRejected
from connector.sources.mysql.reader import parse_url
from connector.sources.window import IdRange
from tests.connector.database.servers import read

KINDS = ["mysql"]
TYPES = {
    "c_tinyint": ("tinyint(1)", "127", "-128", "4", "null"),
    "c_utinyint": ("tinyint unsigned", "255", "0", "1", "null"),
    "c_smallint": ("smallint", "-32768", "32767", "0", "null"),
    "c_mediumint": ("mediumint", "-8388608", "8388607", "0", "null"),
    "c_int": ("int", "-2147483648", "2147483647", "0", "null"),
    "c_zerofill": ("int(5) zerofill", "7", "123456", "0", "null"),
    "c_bigint": ("bigint", "-9223372036854775808", "9223372036854775807", "0", "null"),
    "c_ubigint": ("bigint unsigned", "18446744073709551615", "0", "1", "null"),
    "c_decimal": ("decimal(65,30)", "12345678901234567890.123456789012345678901234567890", "-1e-30", "0", "null"),
    "c_float": ("float", "16777217", "0.1", "-3.4e38", "null"),
    "c_double": ("double", "0.30000000000000004", "1e308", "5e-324", "null"),
    "c_bit": ("bit(64)", "b'1010'", "18446744073709551615", "0", "null"),
    "c_boolean": ("boolean", "true", "false", "null", "true"),
    "c_char": ("char(5)", "'a'", "'é€'", "''", "null"),
    "c_varchar": ("varchar(50)", "'a\"b\\\\c\\n\\t'", "char(1,2,27)", "'ab  '", "null"),
    "c_latin1": ("varchar(50) character set latin1", "'café'", "'ÿ'", "''", "null"),
    "c_text": ("text", "'😀 \u2028'", "''", "repeat('x', 10000)", "null"),
    "c_longtext": ("longtext", "'x'", "'NULL'", "'null'", "null"),
    "c_binary": ("binary(4)", "x'00ff'", "'abcd'", "''", "null"),
    "c_varbinary": ("varbinary(50)", "x'ff00fe'", "''", "'a'", "null"),
    "c_blob": ("blob", "repeat(x'ff00', 100)", "''", "x'0a'", "null"),
    "c_date": ("date", "'0000-00-00'", "'2024-00-10'", "'9999-12-31'", "'2024-02-29'"),
    "c_datetime": ("datetime", "'0000-00-00 00:00:00'", "'0000-12-19 00:00:00'", "'2024-02-29 23:59:59'", "null"),
    "c_datetime6": ("datetime(6)", "'2024-01-02 03:04:05.000001'", "'9999-12-31 23:59:59.999999'", "0", "null"),
    "c_timestamp": ("timestamp(3) null", "'2024-03-31 02:30:00.123'", "'2038-01-19 03:14:07'", "0", "null"),
    "c_time": ("time", "'838:59:59'", "'-838:59:59'", "'00:00:00'", "null"),
    "c_time6": ("time(6)", "'12:00:00.000001'", "'-00:00:00.5'", "'0'", "null"),
    "c_year": ("year", "2024", "1901", "0", "null"),
    "c_enum": ("enum('b','a','')", "'a'", "'b'", "''", "null"),
    "c_set": ("set('x','y')", "'x,y'", "''", "'y'", "null"),
    "c_json": ("json", "'{\"a\": 1.10, \"b\": [1, null]}'", "'null'", "'\"é\"'", "null"),
    "c_geometry": ("geometry", "point(1, 2)", "st_geomfromtext('linestring(0 0, 1 1)')", "null", "null"),
    "c_uuid": ("uuid", "'00000000-0000-0000-0000-000000000001'", "null", "null", "null"),
    "c_inet6": ("inet6", "'::1'", "'10.0.0.1'", "null", "null"),
}  # fmt: skip
BYTES = ("c_binary", "c_varbinary", "c_blob")


@pytest.fixture
def odd_table(server):
    columns = ", ".join(f"`{name}` {values[0]}" for name, values in TYPES.items())
    rows = [f"({row}, {', '.join(values[row] for values in TYPES.values())})" for row in range(1, 5)]
    server.execute(
        "set global time_zone = '-05:00'",
        f"create table shop.orders (id int primary key, {columns})",
        f"insert into shop.orders values {', '.join(rows)}",
    )
    yield
    server.execute("set global time_zone = 'SYSTEM'")


def read_over_the_wire(server):
    """The values as the driver receives them; it has no conversions."""
    conversions: dict[Any, Any] = dict(encoders)
    connection = pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user="root",
        use_unicode=False,
        conv=conversions,
        charset="utf8mb4",
    )
    with connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("set time_zone = '+00:00'")
        # The wire has a FLOAT with six digits; its exact value is that of the double.
        cursor.execute("select *, cast(c_float as double) as c_float_exact from shop.orders order by id")
        return list(cursor.fetchall())


def to_text(name, value):
    """The independent expectation of a wire value."""
    if value is None:
        return None
    if name == "c_bit":
        return str(int.from_bytes(value))
    if name in BYTES:
        return base64.b64encode(value).decode()
    return value.hex().upper() if name == "c_geometry" else value.decode()


def test_no_value_of_any_type_is_lost(server, create, odd_table):
    assert len(TYPES) > 30
    reader = create(columns=["id", *TYPES, "SYS_FILE_NAME"])
    plan = reader.make_plan(IdRange())
    rows = sorted(read(reader, plan), key=lambda row: row["id"])
    for row, wire in zip(rows, read_over_the_wire(server), strict=True):
        exact = wire.pop("c_float_exact")
        floats = row.pop("c_float"), exact
        del wire["c_float"]
        assert [value and struct.pack("f", float(value)) for value in floats][0] == (
            exact and struct.pack("f", float(exact))
        )
        assert row.pop("SYS_FILE_NAME") == "f.json"
        assert row == {name: to_text(name, value) for name, value in wire.items()}
    assert plan.unmapped == ()


@pytest.mark.parametrize("kind", ["longtext", "longblob"])
def test_a_row_larger_than_a_packet_is_a_reject(server, create, kind):
    """MariaDB replaces the line, or the value in it, by NULL and only warns."""
    server.create_orders(20, columns=f", big {kind}")
    server.execute("set global max_allowed_packet = 2097152")
    try:
        server.execute("update shop.orders set big = repeat('x', 1900000) where id = 7")
        server.execute("set global max_allowed_packet = 1048576")
        reader = create()
        parts = [reader.read_part(position, "f") for position in reader.make_plan(IdRange()).parts]
    finally:
        server.execute("set global max_allowed_packet = 16777216")
    assert sum(part.rows for part in parts) == 19
    [reject] = [reject for part in parts for reject in part.rejects]
    assert reject.line == '{"id": "7"}'
    assert "a row of shop.orders is larger than max_allowed_packet" in reject.reason


@pytest.mark.parametrize(
    "url",
    ["mysql://h", "mysql:///erp", "mysql://h/erp?sslmode=maybe", "mysql://h/erp?charset=latin1"],
)
def test_an_invalid_url(url):
    with pytest.raises(
        RequestRejected, match="expected mysql://user@host:3306/database, with sslmode one of"
    ):
        parse_url(url)


def test_the_modes_of_tls():
    assert parse_url("mysql://u%40x@h:3307/erp?sslmode=verify-full&sslrootcert=/ca.pem") == {
        "host": "h",
        "port": 3307,
        "database": "erp",
        "user": "u@x",
        "ssl_ca": "/ca.pem",
        "ssl_verify_cert": True,
        "ssl_verify_identity": True,
    }
    assert parse_url("mysql://h/erp?sslmode=disable")["ssl_disabled"]
