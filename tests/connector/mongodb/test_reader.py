"""Windows, parts and failures of a MongoDB source."""

import datetime
import json

import pytest
from bson import ObjectId
from bson.datetime_ms import DatetimeMS

from connector.errors import DeclarationError, KeyRejected, RequestRejected, SourceUnavailable
from connector.sources import registry
from connector.sources.time_window import parse_time
from connector.sources.window import IdRange, Watermark, first_range, parse_range, window_of
from tests.connector.mongodb.conftest import ORDERS

START = datetime.datetime(2025, 12, 31, tzinfo=datetime.UTC)
MICROSECONDS = 1_000_000
FIRST = parse_time("0001-01-01T00:00:00Z")


def after(seconds):
    return START + datetime.timedelta(seconds=seconds)


def to_span(start=None, until=None):
    def to_id(moment):
        return None if moment is None else int(moment.timestamp() * MICROSECONDS)

    return IdRange(start=FIRST if start is None else to_id(start), until=to_id(until))


def read_ids(reader, span):
    plan = reader.make_plan(span)
    parts = [reader.read_part(position, "f").lines.splitlines() for position in plan.parts]
    return [json.loads(line)["_id"] for lines in parts for line in lines], plan


def test_consecutive_windows_have_every_document_once(server, create):
    server.insert("orders", *({"_id": n, "updated_at": after(n)} for n in range(100)))
    reader = create()
    server.now = after(30)
    first, plan = read_ids(reader, to_span())
    assert sorted(map(int, first)) == list(range(30))
    assert plan.until == int(after(30).timestamp() * MICROSECONDS) - 1
    server.now = after(1000)
    second, _ = read_ids(reader, IdRange(start=plan.until + 1))
    assert sorted(map(int, second)) == list(range(30, 100))


def test_milliseconds_are_not_cut(server, create):
    """A cursor that is cut to seconds reads the same documents in every run, or loses some."""
    server.insert("orders", {"_id": 1, "updated_at": after(1.567)}, {"_id": 2, "updated_at": after(1.568)})
    server.now = after(1.568)
    ids, plan = read_ids(create(), to_span())
    assert ids == ["1"]
    server.now = after(2)
    assert read_ids(create(), IdRange(start=plan.until + 1))[0] == ["2"]


def test_the_look_back_reads_late_documents(server, create):
    window = window_of(registry.parse_source(declared(), "shop.yaml").endpoint("orders"))
    now = int(after(8000).timestamp() * MICROSECONDS)
    watermark = Watermark(until=int(after(7200).timestamp() * MICROSECONDS) - 1)
    span = first_range(IdRange(), window, watermark, now)
    assert span.start == int(after(3600).timestamp() * MICROSECONDS)
    assert first_range(IdRange(), window, Watermark(), now).start == FIRST
    assert parse_range("orders", window, "2023-11-14T22:13:20Z", None).start == 1_700_000_000_000_000


@pytest.mark.parametrize("part_documents", [1, 7, 1000])
def test_parts_of_a_window_have_every_document_once(server, create, part_documents):
    server.insert("orders", *({"_id": n, "updated_at": after(n // 20)} for n in range(100)))
    ids, plan = read_ids(create(part_documents=part_documents), to_span())
    assert sorted(map(int, ids)) == list(range(100))
    assert (len(plan.parts) > 1) == (part_documents < 100)


@pytest.mark.parametrize("part_documents", [1, 7, 1000])
def test_parts_of_a_collection_with_several_types_of_id(server, create, part_documents):
    ids = [1, 2.5, -3, "a", "b", ObjectId(), ObjectId(), START, True, {"a": 1}, {"a": 2}]
    server.insert("orders", *({"_id": value} for value in ids))
    read, plan = read_ids(create(window=False, part_documents=part_documents), IdRange())
    assert len(read) == len(set(read)) == len(ids)
    assert plan.until is None
    assert all(find.get("hint") == {"_id": 1} for find in server.finds)


def test_a_document_that_changes_during_the_run_belongs_to_the_next(server, create):
    server.insert("orders", *({"_id": n, "updated_at": after(n)} for n in range(10)))
    server.now = after(100)
    reader = create(part_documents=3)
    plan = reader.make_plan(to_span())
    server.documents["orders"].pop(5)
    server.insert("orders", {"_id": 5, "updated_at": after(200)})
    first = [line for part in plan.parts for line in reader.read_part(part, "f").lines.splitlines()]
    assert len(first) == 9
    server.now = after(300)
    assert read_ids(reader, IdRange(start=plan.until + 1))[0] == ["5"]


@pytest.mark.parametrize("value", [None, "2025-12-31", 7])
def test_documents_without_a_date_are_noted(server, create, value):
    server.insert("orders", {"_id": 1, "updated_at": after(1)}, {"_id": "odd", "updated_at": value})
    ids, plan = read_ids(create(), to_span())
    assert ids == ["1"]
    assert "documents without a date in 'updated_at', for example _id odd" in plan.notes[0]


@pytest.mark.parametrize(
    "value", [datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC), DatetimeMS(10**15), DatetimeMS(-(10**15))]
)
def test_documents_of_no_window_are_noted(server, create, value):
    server.insert("orders", {"_id": 1, "updated_at": after(1)}, {"_id": "odd", "updated_at": value})
    ids, plan = read_ids(create(), to_span())
    assert ids == ["1"]
    [note] = plan.notes
    assert "more than a day in the future or before year 1, for example _id odd, are in no window" in note


def test_a_clock_that_is_some_hours_ahead_is_not_noted(server, create):
    server.insert("orders", {"_id": 1, "updated_at": server.now + datetime.timedelta(hours=23)})
    assert create().make_plan(to_span()).notes == ()


def test_an_empty_window_has_no_parts(server, create):
    server.insert("orders", {"_id": 1, "updated_at": after(1)})
    server.now = after(10)
    plan = create().make_plan(to_span(start=after(20)))
    assert plan.parts == ()
    assert plan.until == int(after(20).timestamp() * MICROSECONDS) - 1


def test_a_cut_connection_reads_the_part_again(server, create):
    server.insert("orders", *({"_id": n} for n in range(12_000)))
    server.cuts = 1
    ids, _ = read_ids(create(window=False), IdRange())
    assert sorted(map(int, ids)) == list(range(12_000))


def test_a_connection_that_is_cut_every_time_fails_the_part(server, create):
    server.insert("orders", *({"_id": n} for n in range(12_000)))
    reader = create(window=False)
    plan = reader.make_plan(IdRange())
    server.cuts = 99
    with pytest.raises(SourceUnavailable, match=r"could not read collection shop.orders"):
        reader.read_part(plan.parts[0], "f")


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (18, KeyRejected, "MongoDB rejected the password"),
        (13, RequestRejected, "Grant it the role `read`"),
        (50, SourceUnavailable, "Is there an index on 'updated_at'"),
        (9, RequestRejected, "MongoDB rejected a query of collection shop.orders: oops"),
    ],
)
def test_errors_of_the_server(server, create, code, kind, text):
    server.error = {"ok": 0.0, "code": code, "errmsg": "oops", "codeName": "X"}
    with pytest.raises(kind) as error:
        create().make_plan(to_span())
    assert text in str(error.value)


def test_a_wrong_password(server, create):
    server.error = {
        "ok": 0.0,
        "code": 18,
        "errmsg": "Authentication failed.",
        "codeName": "AuthenticationFailed",
    }
    reader = create(url=f"mongodb://connector@{server.address}/shop", secret="hunter2")
    with pytest.raises(KeyRejected, match="Add a correct version of the secret") as error:
        reader.make_plan(to_span())
    assert "hunter2" not in str(error.value)


def test_an_unknown_collection_names_the_others(server, create):
    server.insert("customers", {"_id": 1})
    with pytest.raises(RequestRejected, match="no collection 'orders'; it has: customers"):
        create().make_plan(to_span())


def test_an_unreachable_server(create):
    url = "mongodb://127.0.0.1:9/shop?serverSelectionTimeoutMS=300"
    with pytest.raises(SourceUnavailable, match="could not read collection shop.orders"):
        create(url=url).make_plan(to_span())


def test_a_url_without_database(create, server):
    with pytest.raises(RequestRejected, match="invalid url of the source of orders"):
        create(url=f"mongodb://{server.address}")


def declared(**others):
    return {"kind": "mongodb", "url": "mongodb://h/shop", "endpoints": {"orders": ORDERS | others}}


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"window": {"field": "a", "look_back": "1 hour"}}, "endpoints.orders.window"),
        ({"window": {"field": "a", "from": "b"}}, "Allowed here: field, look_back"),
        ({"collection": ""}, "endpoints.orders"),
        ({"rename": {"_id": "id"}}, "rename: remove _id: its name is the same in raw"),
        ({"rename": {"updated_at": "changed_at"}}, "rename: remove updated_at"),
    ],
)
def test_errors_of_a_declaration(others, text):
    with pytest.raises(DeclarationError, match="shop.yaml") as error:
        registry.parse_source(declared(**others), "shop.yaml")
    assert text in str(error.value)


def test_a_password_in_the_url_is_rejected():
    with pytest.raises(DeclarationError, match="remove the password from `url`"):
        registry.parse_source(declared() | {"url": "mongodb://u:p@h/shop"}, "shop.yaml")
