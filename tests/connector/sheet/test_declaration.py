"""The declaration of a sheet, and invalid ones."""

import pytest

from connector.errors import DeclarationError
from connector.sources import registry
from connector.sources.sheet.config import SheetEndpoint


def test_the_spreadsheet_is_a_setting(declared):
    source = registry.parse_source(declared, "planning.yaml")
    assert source.variables() == {"SPREADSHEET": None}
    endpoint = source.endpoint("targets")
    assert isinstance(endpoint, SheetEndpoint) and endpoint.columns["note"].type == "text"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("secret",), "x", "remove `secret`: a sheet is shared with"),
        (("url",), "https://x", "unknown field `url`"),
        (("endpoints", "targets", "tab"), "", "endpoints.targets"),
        (("endpoints", "targets", "header_row"), 0, "header_row"),
        (
            ("endpoints", "targets", "key"),
            ["date"],
            "key: date is not a column; the columns are: day, revenue",
        ),
        (("endpoints", "targets", "columns"), {}, "columns"),
        (
            ("endpoints", "targets", "columns", "day"),
            {"header": "D", "type": "money"},
            "columns.day: Invalid",
        ),
        (("endpoints", "targets", "columns", "Day"), {"header": "D"}, "columns"),
        (
            ("endpoints", "targets", "columns", "note"),
            {"header": " Day"},
            "two columns have the header 'Day'",
        ),
        (
            ("endpoints", "targets", "window"),
            {"field": "day", "from": "a", "until": "b", "last": "c"},
            "remove `window`: a sheet is always read as a whole",
        ),
    ],
)
def test_an_error_names_the_file_and_the_key(declared, path, value, message):
    *folders, last = path
    place = declared
    for name in folders:
        place = place[name]
    place[last] = value
    with pytest.raises(DeclarationError) as raised:
        registry.parse_source(declared, "planning.yaml")
    assert str(raised.value).startswith("planning.yaml") and message in str(raised.value)
