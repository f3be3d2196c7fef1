"""What a cell holds, as text for raw. What is not as declared stays as it is: ods says what is wrong."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from connector.sheet.declaration import Kind

# https://developers.google.com/sheets/api/guides/formats: day 0 of a serial number.
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a serial number has no zone)
LAST_DAY = 2_958_466  # 10000-01-01, beyond which Sheets has no date


def text(cell: msgspec.Raw, kind: Kind, zone: ZoneInfo) -> str | None:
    """None for a blank. A number is the very digits that Sheets sent."""
    literal = bytes(cell).decode()
    value = msgspec.json.decode(literal)
    if isinstance(value, bool):
        return literal
    if isinstance(value, int | float):
        return moment(Decimal(literal), kind, zone) or literal
    return str(value) if value not in (None, "") else None


def moment(serial: Decimal, kind: Kind, zone: ZoneInfo) -> str | None:
    """ISO 8601 of days since EPOCH, to the millisecond, which is what a double holds; None for another kind,
    or a number that is no moment."""
    if kind not in ("date", "datetime", "time") or not 0 <= serial < LAST_DAY:
        return None
    local = EPOCH + timedelta(milliseconds=int((serial * 86_400_000).to_integral_value()))
    match kind:
        case "date" if local.time() == datetime.min.time():
            return local.date().isoformat()
        case "time" if serial < 1:
            return local.time().isoformat("auto")
    return local.replace(tzinfo=zone).isoformat()
