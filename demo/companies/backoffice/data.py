"""The purchasing portal's requests and what the desk decides, after each of the changes of the story."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

DEPARTMENTS = ("IT", "Legal", "Facilities")
FIRST_DAY = date(2025, 5, 1)
REQUESTS = 60  # more than one page of the portal
CHANGES = 2


@dataclass(frozen=True)
class Request:
    id: str
    department: str
    item: str
    amount: Decimal
    requested_on: date


@dataclass(frozen=True)
class Decision:
    """Cells as people type them."""

    decision: str = ""
    approved: str = ""
    comment: str = ""


@dataclass
class Desk:
    """`requests` are what the portal lists; `seen` has those that were withdrawn too, in their last version."""

    requests: dict[str, Request] = field(default_factory=dict)
    seen: dict[str, Request] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)

    def put(self, request: Request) -> None:
        self.requests[request.id] = self.seen[request.id] = request


def create_desk(changes: int = 0) -> Desk:
    """The state after the first `changes` changes; always the same."""
    desk = Desk()
    for number in range(REQUESTS):
        desk.put(create_request(number))
    for change in (decide, correct)[:changes]:
        change(desk)
    return desk


def create_request(number: int) -> Request:
    amount = Decimal(1999 + number * 7351 % 400_000) / 100
    item = f"{number % 9 + 1} × chair; “model {number}”"
    day = FIRST_DAY + timedelta(days=number // 4)
    return Request(f"R-{number:04}", DEPARTMENTS[number % len(DEPARTMENTS)], item, amount, day)


def decide(desk: Desk) -> None:
    """People decide about half of the requests, two cells cannot be used; at the portal five are new, one is dearer,
    one is withdrawn."""
    for number in range(0, REQUESTS, 2):
        desk.decisions[f"R-{number:04}"] = (
            Decision("no", "", "not this year")
            if number % 8 == 0
            # A blank and a capital, as people type: the warehouse must accept it as a yes.
            else Decision("Yes ", "", "")
            if number % 8 == 2
            else Decision("yes", f"{number * 10}.5", "less, as agreed")
        )
    desk.decisions["R-0001"] = Decision("maybe", "", "ask again")
    desk.decisions["R-0003"] = Decision("yes", "much", "")
    for number in range(REQUESTS, REQUESTS + 5):
        desk.put(create_request(number))
    desk.put(replace(desk.requests["R-0002"], amount=Decimal("777.77")))
    del desk.requests["R-0005"]


def correct(desk: Desk) -> None:
    """People correct a cell and change their minds; an approved request of IT is withdrawn."""
    desk.decisions["R-0001"] = Decision("yes", "120", "asked again")
    desk.decisions["R-0064"] = Decision("yes", "", "new")
    desk.decisions["R-0008"] = Decision("yes", "1", "after all")
    del desk.requests["R-0006"]
