"""Windows of a table: how a bound is rounded and written for the type of its column."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.errors import RequestRejected
from connector.sources.database.config import TableWindow
from connector.sources.database.database import Field, Session
from connector.sources.time_window import load_zone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Frozen:
    """What is read: from `start` (None: everything before `until`) to before `until`. `covered`: to before which value
    no row can be missing, where the next window begins."""

    start: int | None
    until: int
    covered: int
    notes: tuple[str, ...] = ()


def check_group(changes: TableWindow, field: Field, name: str) -> None:
    """RequestRejected if the declaration expects a time and the column is a number, or the other way round."""
    expected = "a time" if changes.is_time else "an integer"
    if field.group == "other" or changes.is_time == (field.group == "integer"):
        remedy = "a number such as 1000" if field.group == "integer" else "a duration such as 1h"
        other = f"declare `look_back` as {remedy}" if field.group != "other" else "choose another column"
        raise RequestRejected(
            f"the window of {name} needs {expected}, but column {field.name!r} is {field.type}: {other}."
        )


def floor_time(microseconds: int, field: Field, zone: str) -> int:
    """The greatest value of the column that is not later. A row that is written later never has a smaller value."""
    if field.group == "day":
        day = to_moment(microseconds).astimezone(load_zone(zone)).date()
        return to_microseconds(datetime(day.year, day.month, day.day, tzinfo=load_zone(zone)))
    # A time that is written to a column with fewer digits is cut or rounded to such a step.
    return microseconds // field.resolution * field.resolution


def ceil_time(microseconds: int, field: Field, zone: str) -> int:
    floor = floor_time(microseconds, field, zone)
    if floor == microseconds:
        return floor
    # By the calendar, as days with a change of the clocks are shorter or longer.
    if field.group == "day":
        local = to_moment(microseconds).astimezone(load_zone(zone)) + DAY
        return floor_time(to_microseconds(local), field, zone)
    return floor + field.resolution


def write_bound(session: Session, field: Field, value: int, zone: str) -> str:
    """SQL of a bound."""
    if field.group == "integer":
        return str(value)
    moment = to_moment(value)
    local = moment if field.group == "moment" else moment.astimezone(load_zone(zone))
    # rjust: strftime does not fill years before 1000 with zeros on every platform.
    return session.time_literal(field, local.strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0"))


def to_moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(moment: datetime) -> int:
    # Integer arithmetic: timestamp() is a float and would lose microseconds.
    return (moment - EPOCH) // MICROSECOND
