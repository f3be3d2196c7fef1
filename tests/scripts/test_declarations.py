"""scripts.deploy rejects, before Terraform, what only a job would reject: with object, value and remedy."""

import shutil

import pytest

from scripts.deploy.declarations import EXPORTS, INCLUDES, MARTS, ROOT, SCHEMAS, SOURCES, check_declarations
from scripts.deploy.errors import InvalidDeclarations
from tests.terraform.tree import Tree

SOURCE, EXPORT, SCHEMA = SOURCES / "retail.yaml", EXPORTS / "daily_sales.yaml", SCHEMAS / "sales.json"


@pytest.fixture
def root(tmp_path):
    for folder in (SOURCES, SCHEMAS, EXPORTS, MARTS, INCLUDES):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def replace_once(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def rejection(root):
    with pytest.raises(InvalidDeclarations) as error:
        check_declarations(root)
    return str(error.value)


def test_the_declarations_of_the_repository_are_valid(root):
    check_declarations()
    check_declarations(root)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("auth: {header: X-API-Key}\n", "", "auth: declare both `auth` and `secret`, or none of them"),
        ("secret: retail-api-key\n", "", "auth: declare both `auth` and `secret`, or none of them"),
        ("kind: rest", "kind: rest\nkind: rest", "kind is declared twice in the mapping at line 3"),
        (
            "path: /sales",
            "path: sales",
            "endpoints.sales: Expected a path that begins with /, for example /orders - at `$.path`",
        ),
        (
            "limit: 250",
            "limit: '250'",
            "paging: Expected `int | null`, got `str` - at `$.limit`, declared is '250'",
        ),
        ("url: https://api.retail.example/v1", "url: 'https://'", "at `$.url`, declared is 'https://'"),
        ("secret: retail-api-key", "secret: retail api key", "at `$.secret`, declared is 'retail api key'"),
        ("key: [id]", "key: [id, id]", "endpoints.sales.key: 'id' is listed twice; name each column once"),
        (
            "key: [id]",
            "key: [ID]",
            "endpoints.sales.key: 'ID' is not a column of connector/schemas/sales.json; columns:",
        ),
        ("schedule: daily}", "schedule: weekly}", "Invalid enum value 'weekly' - at `$.schedule`"),
        ("look_back: 500", "look_back: no", "got `bool` - at `$.look_back`, declared is False"),
        (
            "path: /keys ",
            "pth: /keys ",
            "rotation: Object contains unknown field `pth`. Allowed here: path, key, revoke",
        ),
        (
            "first: 1",
            "first: 1\n    time_window: {field: id, from: y}",
            "window and time_window exclude each other",
        ),
        (
            "path: /sales\n",
            "path: /sales\n    time_window: {field: id, from: y, zone: Europe/Pari}\n    window: null\n",
            "declared twice",
        ),
        (
            "    path: /sales\n",
            "    path: /sales\n    rename: {x: y}\n",
            "endpoints.sales.rename: 'y' is not a column",
        ),
    ],
)
def test_a_mistake_in_a_source(root, before, after, message):
    replace_once(root / SOURCE, before, after)
    assert message in rejection(root)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "mode: mirror",
            "mode: mirorr",
            "mode is 'mirorr', expected one of mirror, upsert, update, insert, append",
        ),
        (
            "mode: mirror",
            "mode: mirror\ndestination: {knd: http}",
            "destination is {'knd': 'http'}, expected a mapping with kind",
        ),
        (
            "mode: mirror",
            "mode: mirror\nshrnk: 3",
            "unknown field `shrnk`. Allowed keys: audit, chart, columns",
        ),
        ("mode: mirror", "mode: mirror\nmode: upsert", "mode is declared twice in the mapping at line 2"),
        ("columns:\n", "columns:\n  day: {header: X}\n", "day is declared twice"),
        (
            "header: Units",
            "hedaer: Units",
            "columns.units: Object contains unknown field `hedaer`. Allowed keys: format",
        ),
        (
            "table: daily_sales",
            "table: dayly_sales",
            "table is 'dayly_sales', expected a mart: daily_sales, sales_final",
        ),
        (
            "  units:",
            "  unitz:",
            "columns has 'unitz', expected a column of dataform/definitions/dmt/daily_sales.sqlx",
        ),
        ("mode: mirror", "mode: mirror\nwhere: {stor: 5}", "where has 'stor', expected a column of"),
        (
            "mode: mirror",
            "mode: mirror\nsegments: {column: day, values: {A B: 1}}",
            "the export's name is 'daily_sales_A B', expected snake_case",
        ),
        ("table: daily_sales", "table: raw.sale", "table is 'raw.sale', but connector/schemas/sale.json"),
        (
            "table: daily_sales",
            "table: raw.sales",
            "columns has 'baskets', expected columns of raw.sales: SYS_DATE_CREATE, id",
        ),
        (
            "mode: mirror",
            "mode: mirror\nschedule: {hours: [25]}",
            "schedule.hours is 25, expected an hour from 0 to 23",
        ),
    ],
)
def test_a_mistake_in_an_export(root, before, after, message):
    replace_once(root / EXPORT, before, after)
    assert message in rejection(root)


def test_a_column_that_the_verdict_does_not_have(root):
    replace_once(root / EXPORTS / "last_night.yaml", "  usual:", "  ususal:")
    message = (
        "export last_night: columns has 'ususal', expected a column of modules/warehouse/views/verdict.sql."
    )
    assert message in rejection(root)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"name": "id"', '"name": "id", "name": "nr"', "name is declared twice in {'name': 'nr'"),
        (
            '"mode": "NULLABLE"',
            '"mod": "NULLABLE"',
            "column 'id': unknown property 'mod'; expected some of name, type",
        ),
        (
            '"type": "STRING"',
            '"type": "STRING", "fields": []',
            "column 'id': `fields` needs type RECORD, not STRING",
        ),
        ('"description": "', '"description": "' + "x" * 1025, "invalid description 'xxxx"),
        ('"description": "', '"description": 5, "descripton": "', "unknown property 'descripton'"),
        (
            'SYS_DATE_CREATE", "type": "TIMESTAMP"',
            'SYS_DATE_CREATE", "type": "STRING"',
            "SYS_FILE_NAME, a TIMESTAMP and a STRING",
        ),
    ],
)
def test_a_mistake_in_a_schema(root, before, after, message):
    replace_once(root / SCHEMA, before, after)
    assert message in rejection(root)


@pytest.mark.parametrize(
    "name",
    [
        SOURCES / "shop.yml",
        SOURCES / "My-shop.yaml",
        SOURCES / "shop.txt",
        SCHEMAS / "Sales.json",
        EXPORTS / "weekly.yml",
    ],
)
def test_a_file_that_no_job_would_read(root, name):
    (root / name).write_text("kind: rest")
    assert f"{name}: expected a name" in rejection(root)


def test_an_editors_hidden_file_is_ignored(root):
    (root / SOURCES / ".retail.yaml.swp").write_text("x")
    check_declarations(root)


def test_two_sources_with_one_table_and_one_secret(root):
    """Terraform would fail in the middle of an apply: a secret with this name exists already."""
    shutil.copy(root / SOURCE, root / SOURCES / "zshop.yaml")
    message = rejection(root)
    assert "raw.sales is the table of retail/sales and of zshop/sales" in message
    assert (
        "secret 'retail-api-key' is declared by retail and by zshop: each source needs its own secret"
        in message
    )


def test_every_mistake_is_reported_at_once(root):
    replace_once(root / SOURCE, "auth: {header: X-API-Key}\n", "")
    replace_once(root / EXPORT, "mode: mirror", "mode: mirorr")
    lines = rejection(root).splitlines()
    assert lines[0] == "2 mistakes in the declarations, and nothing was planned:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "connector/sources/retail.yaml",
        "daily_sales.yaml",
    ]


def test_keys_of_an_anchor_are_not_duplicates(root):
    text = (root / SOURCE).read_text()
    text = text.replace("  products:  {", "  products: &list {").replace(
        "  customers: {", "  customers: {<<: *list, "
    )
    (root / SOURCE).write_text(text)
    check_declarations(root)


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_the_command_stops_before_terraform(tmp_path, sandbox, command):
    """This project has no state bucket: Terraform would fail with another message."""
    tree = Tree.copy(tmp_path)
    replace_once(tree.folder / SOURCE, "auth: {header: X-API-Key}\n", "")
    result = tree.script("deploy", command, "--env", "local", state=sandbox)
    assert result.returncode == 1
    assert "deploy: 1 mistake in the declarations, and nothing was planned:" in result.stderr
    assert "connector/sources/retail.yaml: auth: declare both" in result.stderr
