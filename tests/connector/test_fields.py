"""Fields without a column in raw, and fields whose type changes."""

import json

import pytest

from connector import raw_schema
from connector.errors import IncompleteRun
from tests.connector.project import sale, sales


def test_fields_without_a_column_are_reported_and_stay_in_the_file(project, shop):
    lines = [{"product_sku": "1", "quantity": 1, "amount": 1, "coupon": True}]
    shop.items["sales"] = [sale(1, channel="web"), sale(2, items=lines)]
    project.copy()
    assert project.ids() == [1, 2]
    assert project.log("status, notes") == [
        ("success", "fields without a column in raw, kept in the files: channel, items.coupon")
    ]
    assert {"severity": "WARNING"}.items() <= project.lines()[-1].items()


def test_drift_is_reported_once_in_the_log_and_in_ops(project, shop):
    """New, missing and retyped fields, also in a file that BigQuery rejects."""
    shop.items["sales"] = sales(1, 10)
    project.copy()
    assert project.rows("SELECT * FROM ops.drift") == []
    new = [sale(11, store_id="330", channel="web"), sale(12), sale(13)]
    del new[1]["customer_id"]
    shop.items["sales"] += new
    for _ in range(2):
        project.copy(start="11")
    drift = project.rows("SELECT field, change, was, now, file_name FROM ops.drift ORDER BY field")
    [(file,)] = project.rows("SELECT MIN(SYS_FILE_NAME) FROM raw.sales WHERE id = '11'")
    assert drift == [
        ("channel", "new", None, "text", file),
        ("customer_id", "missing", "number", "absent", file),
        ("store_id", "retyped", "number", "text", file),
    ]
    lines = [line for line in project.lines() if line["message"] == "schema drift"]
    assert [(line["field"], line["change"]) for line in lines] == [row[:2] for row in drift]
    shop.items["sales"].append(sale(14, items="none"))
    with pytest.raises(IncompleteRun):
        project.copy(start="14")
    assert project.rows("SELECT change, now FROM ops.drift WHERE field = 'items'") == [("retyped", "text")]


def test_a_replay_loads_a_field_that_got_a_column(project, shop, tmp_path):
    """The file keeps the field; a replay loads it once the schema has its column."""
    shop.items["sales"] = [sale(1, channel="web"), sale(2, channel="shop"), sale(3)]
    project.copy()
    [(file,)] = project.rows("SELECT file_name FROM ops.file_log")
    columns = json.loads((raw_schema.SCHEMAS / "sales.json").read_text())
    wider = [{"name": "channel", "type": "STRING", "mode": "NULLABLE"}, *columns]
    (tmp_path / "sales.json").write_text(json.dumps(wider))
    project.rows("ALTER TABLE raw.sales ADD COLUMN channel STRING")
    try:
        project.replay(file, schema_folder=tmp_path)
        rows = project.rows("SELECT id, channel FROM raw.sales WHERE channel IS NOT NULL ORDER BY id")
    finally:
        project.rows("ALTER TABLE raw.sales DROP COLUMN channel")
    assert rows == [("1", "web"), ("2", "shop")]
    [(_, before), (_, after)] = project.log("status, notes")
    assert "channel" in before and after is None
