"""The value of a cell as text for raw. A value of another type is kept as it is: ods rejects it with a reason."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from connector.sources.sheet.config import Kind

# Day 0 of a serial number: https://developers.google.com/sheets/api/guides/formats
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a serial number has no zone)
END_OF_DATES = 2_958_466  # 10000-01-01; Sheets has no later dates


def cell_text(cell: msgspec.Raw, kind: Kind, zone: ZoneInfo) -> str | None:
    """None for a blank cell. A number keeps the digits that Sheets sent."""
    # The text of the number, because a float would change its digits.
    literal = bytes(cell).decode()
    value = msgspec.json.decode(literal)
    if isinstance(value, bool):
        return literal
    if isinstance(value, int | float):
        return format_serial(Decimal(literal), kind, zone) or literal
    return str(value) if value not in (None, "") else None


def format_serial(serial: Decimal, kind: Kind, zone: ZoneInfo) -> str | None:
    """ISO 8601 of a serial number (days since EPOCH), to the millisecond, which is the precision of a double.

    None for another kind, or for a number that is not a date.
    """
    if kind not in ("date", "datetime", "time") or not 0 <= serial < END_OF_DATES:
        return None
    # Decimal: multiplying the double itself would shift some times by a millisecond.
    local = EPOCH + timedelta(milliseconds=int((serial * 86_400_000).to_integral_value()))
    match kind:
        case "date" if local.time() == datetime.min.time():
            return local.date().isoformat()
        case "time" if serial < 1:
            return local.time().isoformat("auto")
    return local.replace(tzinfo=zone).isoformat()
