"""A wrong value of a declaration is answered in words: what is declared, what is allowed, and an example."""

import gc
import re
from typing import Annotated, get_args, get_origin, get_type_hints

import msgspec
import pytest

from connector.errors import DeclarationError
from connector.sources import base, registry
from connector.sources.base import PATTERNS, Declared

THINGS = {"table": "things", "key": ["id"], "schedule": "daily"}
REST = {"kind": "rest", "url": "https://api.example", "secret": None, "paging": {"items": "$"}}
API = THINGS | {"path": "/things"}
ROTATION = {"auth": {"header": "X"}, "secret": "s"}
CSV = {"glob": "*", "format": {"csv": {}}}


def rest(endpoint=API, name="things", **others):
    return REST | others | {"endpoints": {name: endpoint}}


def kind(name, url, endpoint, **others):
    return {"kind": name, "url": url, "endpoints": {"things": THINGS | endpoint}} | others


def declarations():
    """Every class of a declaration."""
    return [kind for kind in gc.get_objects() if isinstance(kind, type) and issubclass(kind, Declared)]


def iter_metas(hint):
    if get_origin(hint) is Annotated:
        yield from (note for note in get_args(hint)[1:] if isinstance(note, msgspec.Meta))
    for inner in get_args(hint):
        yield from iter_metas(inner)


def test_every_pattern_is_described():
    hints = [hint for kind in declarations() for hint in get_type_hints(kind, include_extras=True).values()]
    patterns = {meta.pattern for hint in hints for meta in iter_metas(hint) if meta.pattern}
    assert len(patterns) > 10 and patterns <= PATTERNS.keys()
    assert all("regex" not in allowed and len(allowed) > 20 for allowed in PATTERNS.values())


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (rest(API | {"table": "Order Lines"}), "'Order Lines'"),
        (rest(API | {"path": "things"}), "expected a path that begins with /, for example /orders"),
        (rest(API | {"rename": {"good": "good", "first-name": "First"}}), "declared is 'First'"),
        (rest(name="Things"), "declared is 'Things'"),
        (rest(url="ftp://x"), "declared is 'ftp://x'"),
        (rest(paging={"items": "a..b"}), "declared is 'a..b'"),
        (rest(paging={"items": "a", "more": "header:"}), "or a header such as header:X-Total-Count"),
        (rest(auth={"token_url": "oauth"}, secret="s"), "a URL, or a path that begins with /"),
        (rest(auth={"username": "a:b"}, secret="s"), "a user name without a colon"),
        (rest(secret="my secret", auth={"header": "X"}), "1 to 255 letters, digits, - or _"),
        (rest(rotation={"path": "keys", "key": "key"}, **ROTATION), "declared is 'keys'"),
        (rest(API | {"time_window": {"field": "f", "from": "s", "look_back": "1 hour"}}), "'1 hour'"),
        (
            rest(API | {"time_window": {"field": "f", "since": "s"}}),
            "Allowed here: field, from, until, format",
        ),
        (rest(API | {"time_window": "updated_at"}), "time_window: expected `object`, got `str`"),
        (rest(paging={"items": "a", "next": "last_item.id"}), "needs `cursor`, the parameter"),
        (rest(paging={"items": "a", "page": "p", "size": "n"}), "`size: n` needs `limit`"),
        (rest(auth={"token_url": "https://u:p@login.example"}, secret="s"), "remove the credentials"),
        (rest(auth={"token_url": "/oauth token"}, secret="s"), "invalid character ' '"),
        (kind("postgres", "mysql://h/d", {"relation": "t"}), "begins with postgresql://"),
        (kind("mysql", "postgres://h/d", {"relation": "t"}), "begins with mysql:// or mariadb://"),
        (
            kind("mysql", "mysql://h/d", {"relation": "t", "window": {"field": "f", "look_back": "x"}}),
            "'x'",
        ),
        (kind("mongodb", "mongo://h/d", {"collection": "t"}), "begins with mongodb:// or mongodb"),
        (kind("mongodb", "mongodb://h/d", {"collection": "a$b"}), "a name without"),
        (kind("files", "http://b", CSV), "begins with s3://, gs:// or file://"),
        (kind("files", "s3://b", CSV) | {"endpoint": "minio"}, "the address of a server"),
    ],
)
def test_a_wrong_text_is_answered_in_words(declared, text):
    with pytest.raises(DeclarationError) as failure:
        registry.parse_source(declared, "things.yaml")
    message = str(failure.value)
    assert text.lower() in message.lower()
    assert "regex" not in message and not re.search(r"\^|\(\?|\\", message)


def test_only_the_wrong_member_is_named():
    class Part(Declared, frozen=True):
        names: dict[str, list[base.Name]]

    with pytest.raises(DeclarationError, match="declared is 'C d'"):
        base.convert({"names": {"x": ["a", "b"], "y": ["e", "C d"]}}, Part, "x.yaml")


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (rest(API | {"schedule": "weekly"}), "expected one of: daily, hourly."),
        (rest(API | {"method": "PUT"}), "expected one of: GET, POST."),
        (
            rest(API | {"time_window": {"field": "u", "from": "s", "format": "rfc"}}),
            "date, epoch, epoch_ms, iso",
        ),
        (rest(paging={"items": "$", "form": "ndjson"}), "expected one of: lines, list, object."),
        (rest(paging={"items": "$", "end": 500}), "expected one of: 400, 404, 410, 416, 422."),
        (
            kind(
                "postgres",
                "postgresql://u@h/d",
                {"relation": "a.b", "deletes": {"compare": "hourly"}},
                secret="s",
            ),
            "expected one of: daily.",
        ),
    ],
)
def test_an_unknown_value_of_a_fixed_set_names_the_allowed_ones(declared, expected):
    with pytest.raises(DeclarationError) as error:
        registry.parse_source(declared, "x.yaml")
    assert expected in str(error.value)


def test_an_unknown_zone_names_its_place():
    declared = rest(API | {"time_window": {"field": "u", "from": "s", "zone": "Europe/Bern2"}})
    with pytest.raises(DeclarationError, match=r"endpoints.things.time_window.zone: unknown time zone"):
        registry.parse_source(declared, "x.yaml")
