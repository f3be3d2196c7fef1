"""Data of the enterprise that is not in a database: accounts, budgets, bookings and cost centres."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

SEED = 20260101
ACCOUNTS, BOOKINGS, CENTRES, YEARS = 250, 1200, 12, (2025, 2026)
SEGMENTS = ("small", "medium", "large")
FIRST_BOOKING = datetime(2025, 1, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Booking:
    number: int
    cost_centre: str
    amount: Decimal
    at: datetime
    tags: tuple[str, ...]


@dataclass
class ErpData:
    """By key. Budgets have the text of the file; `broken` are further lines of a file of budgets."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    centres: dict[str, dict[str, Any]] = field(default_factory=dict)
    budgets: dict[tuple[str, int], str] = field(default_factory=dict)
    bookings: dict[int, Booking] = field(default_factory=dict)
    broken: dict[int, list[str]] = field(default_factory=dict)


def create_data() -> ErpData:
    draw, data = random.Random(SEED), ErpData()
    for number in range(CENTRES):
        code = f"CC{number:02}"
        branch = {
            "city": draw.choice(("Graz", "Łódź", "Besançon")),
            "country": draw.choice(("AT", "PL", "FR")),
        }
        data.centres[code] = {"code": code, "name": f'Centre "{number}"', "branch": branch}
        data.budgets |= {(code, year): f"{draw.randrange(10_000, 90_000)}.50" for year in YEARS}
    for number in range(ACCOUNTS):
        data.accounts[f"A{number:04}"] = create_account(draw, number)
    for number in range(BOOKINGS):
        data.bookings[number] = create_booking(draw, number)
    return data


def create_account(draw: random.Random, number: int) -> dict[str, Any]:
    owner = None if number % 9 == 0 else f"owner{number % 5}"
    name = f"Société {number} & Søn"
    return {"id": f"A{number:04}", "name": name, "segment": draw.choice(SEGMENTS), "owner": owner}


def create_booking(draw: random.Random, number: int) -> Booking:
    # A different microsecond in each: a time that is rounded to milliseconds on its way is a difference.
    at = FIRST_BOOKING + timedelta(hours=number * 8, microseconds=number)
    amount = Decimal(draw.randrange(-50_000, 900_000)) / 100
    tags = tuple(draw.sample(("salary", "bonus", "travel", "späť"), draw.randrange(3)))
    return Booking(number, f"CC{draw.randrange(CENTRES):02}", amount, at, tags)
