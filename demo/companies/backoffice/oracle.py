"""What warehouse, sheets and mails must contain, computed in Python: shares no SQL with the warehouse."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from demo.companies.backoffice.data import CHANGES, Decision, Desk, Request, create_desk
from demo.companies.backoffice.people import BUDGET_ROWS
from demo.companies.rows import Expected

# Not Facilities: its requests are in the marts, but it has no spreadsheet of its own.
SEGMENTS = {"it": "IT", "legal": "Legal"}


def expect_tables(desk: Desk) -> list[Expected]:
    return [expect_requests(desk), *expect_decisions(desk), expect_approved(desk), expect_budgets(desk)]


def expect_requests(desk: Desk) -> Expected:
    columns = ("id", "department", "item", "amount", "requested_on", "is_listed")
    rows = [
        (each.id, each.department, each.item, each.amount, each.requested_on, each.id in desk.requests)
        for each in desk.seen.values()
    ]
    return Expected("ods.requests", columns, rows, money="amount")


def expect_decisions(desk: Desk) -> Iterator[Expected]:
    """Every row of the sheet is a decision, an open one has no cells; or a reject with its reason."""
    decisions = {key: desk.decisions.get(key, Decision()) for key in desk.seen}
    reasons = {key: reason for key, each in decisions.items() if (reason := fault_of(each))}
    rows = [(key, *typed(each)) for key, each in decisions.items() if key not in reasons]
    yield Expected("ods.decisions", ("request", "decision", "approved", "comment"), rows)
    rejects: list[tuple[Any, ...]] = list(reasons.items())
    yield Expected("ods.decisions_rejects", ("json_value(payload, '$.request')", "reason"), rejects)


def fault_of(cells: Decision) -> str:
    if cells.decision.strip().lower() not in ("", "yes", "no"):
        return "decision is neither yes nor no"
    return "" if is_number(cells.approved) else "approved is not a number"


def is_number(text: str) -> bool:
    return not text or text.replace(".", "").isdigit()


def typed(cells: Decision) -> tuple[Any, ...]:
    approved = Decimal(cells.approved) if cells.approved else None
    return cells.decision.strip().lower() or None, approved, cells.comment or None


def approved(desk: Desk) -> list[tuple[Request, Decimal, str | None]]:
    """Approved requests that are still listed, with the amount and the comment."""
    rows = []
    for request in desk.requests.values():
        cells = desk.decisions.get(request.id, Decision())
        decision, amount, comment = typed(cells) if not fault_of(cells) else (None, None, None)
        if decision == "yes":
            rows.append((request, request.amount if amount is None else amount, comment))
    return rows


def expect_approved(desk: Desk) -> Expected:
    columns = ("id", "department", "item", "approved_amount", "comment")
    rows = [
        (request.id, request.department, request.item, amount, comment)
        for request, amount, comment in approved(desk)
    ]
    return Expected("dmt.approved_requests", columns, rows, money="approved_amount")


def expect_budgets(desk: Desk) -> Expected:
    columns = ("department", "requests", "undecided", "approved_amount")
    names = sorted({request.department for request in desk.requests.values()})
    return Expected(
        "dmt.department_budgets", columns, [budget(desk, name) for name in names], money="approved_amount"
    )


def budget(desk: Desk, department: str) -> tuple[Any, ...]:
    requests = [each for each in desk.requests.values() if each.department == department]
    cells = [desk.decisions.get(each.id, Decision()) for each in requests]
    undecided = sum(1 for each in cells if fault_of(each) or not each.decision)
    amounts = [amount for request, amount, _ in approved(desk) if request.department == department]
    return department, len(requests), undecided, sum(amounts, Decimal(0))


def expect_desk_tab(desk: Desk) -> list[tuple[Any, ...]]:
    """Request, item, amount, whether it is marked as withdrawn, and the cells that people typed."""
    return [
        (request.id, request.item, request.amount, key not in desk.requests, *cells_of(desk, key))
        for key, request in desk.seen.items()
    ]


def cells_of(desk: Desk, key: str) -> tuple[Any, ...]:
    """As people typed them, with blanks at their ends; a number is a number in the sheet."""
    cells = desk.decisions.get(key, Decision())
    numeric = cells.approved and is_number(cells.approved)
    return cells.decision, Decimal(cells.approved) if numeric else cells.approved, cells.comment


def expect_team_tab(desk: Desk, department: str) -> list[tuple[Any, ...]]:
    return [
        (request.id, request.item, amount, comment or "")
        for request, amount, comment in approved(desk)
        if request.department == department
    ]


def expect_budget_tab(desk: Desk) -> list[tuple[Any, ...]]:
    departments = {request.department for request in desk.requests.values()}
    return [budget(desk, name) if name in departments else (name, "", "", "") for name in BUDGET_ROWS]


def expect_news() -> list[tuple[Any, ...]]:
    """Two mails about last night. After the first change: cells that cannot be used. Then the sheet that people edit
    has a column that the source does not declare, the times of withdrawn requests; the verdict begins with the worse
    finding, which is of the same night.
    """
    _, rejects = expect_decisions(create_desk(1))
    rejected = f"New: ods.decisions_rejects has rejected rows ({len(rejects.rows)} rows)."
    return [(rejected,), (f"{rejected} And 1 more finding.",)]


def expect_mails() -> list[tuple[Any, ...]]:
    """The export of each mail: one for each change that changed what the department may buy."""
    states = [create_desk(number) for number in range(CHANGES + 1)]
    return [
        (f"approved_{segment}",)
        for before, after in zip(states, states[1:], strict=False)
        for segment, name in SEGMENTS.items()
        if expect_team_tab(before, name) != expect_team_tab(after, name)
    ]
