"""Names of columns that a source may have, in raw and in the written files."""

import re

import pytest
import yaml

from connector.__main__ import create_parser
from connector.new_source.arguments import parse_request
from connector.new_source.command import ROOT
from connector.new_source.declaration import write_declaration
from connector.new_source.tables import NewColumn, NewTable, column_of, name_columns
from connector.raw_schema import check_name


@pytest.mark.parametrize(
    ("fields", "columns"),
    [
        (["id", "имя", "адрес", "%"], ["id", "column", "column_2", "column_3"]),
        (["ID", "id", "Id"], ["ID", "id_2", "id_3"]),
        (["Größe", "grosse"], ["grosse_2", "grosse"]),
        (["a b", "a-b", "a_b_2"], ["a_b", "a_b_3", "a_b_2"]),
        (["_id", "_ID"], ["_id", "source_id_2"]),
        (["from", "source_from"], ["source_from_2", "source_from"]),
        (["x" * 300, "X" * 300], ["x" * 300, "x" * 290 + "_2"]),
    ],
)
def test_two_fields_never_get_one_name(fields, columns):
    assert name_columns(fields) == dict(zip(fields, columns, strict=True))
    for name in columns:
        check_name(name, "raw.t")


@pytest.mark.parametrize("name", ["since", "until", "file_days", "SYS_SOURCE_LINE", "__proto__", "Reason"])
def test_names_that_models_use_are_renamed(name):
    assert column_of(name).startswith("source_")


def test_variables_of_the_scripts_are_not_columns():
    """BigQuery takes the column where a variable has the same name."""
    includes = ROOT / "dataform/includes"
    text = "".join((includes / f"{name}.js").read_text() for name in ("arrivals", "checkpoints", "keyed"))
    variables = re.findall(r"declare (\w+) ", text)
    assert {"since", "until", "file_days"} <= set(variables)
    assert [name for name in variables if column_of(name) == name] == []


@pytest.mark.parametrize(
    "name", ["a\x7fb", "a\x85b", "a\u2028b", "\ufeffid", "a\tb\n", 'q"\\', "😀", "x" * 2000, "y: # z", "null"]
)
def test_every_name_can_be_read_back_from_the_declaration(name):
    columns = [NewColumn("id", "id", "Id."), NewColumn(name, "other", "Other.")]
    table = NewTable("t", "t", columns, ["id"], {"relation": name[:50]}, [f"decide: {name[:50]}"])
    endpoint = yaml.safe_load(write_declaration({"kind": "postgres"}, [table]))["endpoints"]["t"]
    assert (endpoint["rename"], endpoint["relation"]) == ({name: "other"}, name[:50])


def test_a_key_of_several_columns_may_have_blanks():
    command = ["new", "shop", "--kind", "mysql", "--url", "mysql://c@h/d", "--endpoint", "x", "--key", "a, b"]
    assert parse_request(create_parser().parse_args(command)).keys == {"x": ["a", "b"]}
