"""Values of an index as the text of a position, and dates as the numbers of a window."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import json_util
from bson.codec_options import DatetimeConversion

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode_value(value: Any) -> str:
    return json_util.dumps({"v": value}, json_options=json_util.CANONICAL_JSON_OPTIONS)


def decode_value(text: str) -> Any:
    options = json_util.JSONOptions(
        datetime_conversion=DatetimeConversion.DATETIME_AUTO, tz_aware=True, tzinfo=UTC
    )
    return json_util.loads(text, json_options=options)["v"]


def to_microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """To the millisecond below, which is the precision of a BSON date."""
    return EPOCH + timedelta(milliseconds=value // 1000)
