"""The purchasing desk as the demo runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo.cloud import Cloud
from demo.companies import addresses
from demo.companies.backoffice import oracle, people
from demo.companies.backoffice.data import CHANGES, create_desk
from demo.companies.backoffice.portal import API_KEY, Portal, running_portal
from demo.companies.rows import Expected, compare_rows
from demo.expected import Check
from demo.project_folder import relative_path
from demo.servers.mail import Mailbox, running_mailbox

CHANGED = "changes"  # in the project's folder: how many changes there were
MAILS = "mails"
CHANGED_SUBJECT = " changed: "


class Backoffice:
    """The first run fills the sheet; people edit it before the others, which are daily and read it."""

    name = "backoffice"
    extension = addresses.EXTENSION
    sheet = "open_requests"
    runs = ("hourly", "daily", "daily", "daily")
    query = "select * from dmt.department_budgets"

    def __init__(self) -> None:
        self.desk = create_desk()
        self.portal: Portal | None = None
        self.mailbox = Mailbox(Path())
        self.root = Path()

    @contextmanager
    def serve_sources(self, root: Path) -> Iterator[None]:
        self.root = root
        changes = int((root / CHANGED).read_text()) if (root / CHANGED).exists() else 0
        self.desk = create_desk(changes)
        with running_portal(self.desk) as self.portal, running_mailbox(root / MAILS) as self.mailbox:
            variables = {
                "PURCHASING_URL": f"{self.portal.address}/v2",
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(self.mailbox.port),
            }
            addresses.write_variables(root, variables)
            yield

    def secrets(self, root: Path) -> dict[str, str]:
        return {"purchasing-api-key": API_KEY}

    def add_sources(self, cloud: Cloud) -> None:
        """None in Google Cloud."""

    def change_sources(self, cloud: Cloud, run: int) -> str:
        """The last run finds nothing new."""
        if run > CHANGES:
            return ""
        self.desk = create_desk(run)
        if self.portal:
            self.portal.desk = self.desk
        (self.root / CHANGED).write_text(str(run))
        people.write_decisions(cloud, self.desk.decisions)
        people.sort_by_amount(cloud)
        if run > 1:
            return "people correct cells; a request is withdrawn"
        people.type_departments(cloud)
        return "people decide and sort; 5 requests are new"

    def compare(self, cloud: Cloud) -> list[Check]:
        tables = [compare_rows(cloud.rows, each) for each in oracle.expect_tables(self.desk)]
        return [*tables, *self.compare_sheets(cloud), self.compare_mails(), self.compare_news()]

    def compare_sheets(self, cloud: Cloud) -> list[Check]:
        desk = self.desk
        requests = people.read_tab(cloud, "open_requests", people.REQUESTS_TAB)
        budgets = people.read_tab(cloud, "budgets", people.BUDGETS_TAB)
        checks = [
            compare_tab(
                "sheet open_requests",
                # The cell has the time at which the sync marked the row, which the oracle cannot compute.
                [row | {"Withdrawn": row["Withdrawn"] != ""} for row in requests],
                ("Request", "Item", "Amount", "Withdrawn", *people.OWN_COLUMNS),
                oracle.expect_desk_tab(desk),
            ),
            compare_tab(
                "sheet budgets",
                budgets,
                ("Department", "Requests", "Undecided", "Approved"),
                oracle.expect_budget_tab(desk),
            ),
        ]
        for segment, department in oracle.SEGMENTS.items():
            rows = people.read_tab(cloud, f"approved_{segment}", "Approved")
            columns = ("Request", "Item", "Approved", "Comment")
            expected = oracle.expect_team_tab(desk, department)
            checks.append(compare_tab(f"sheet approved_{segment}", rows, columns, expected))
        return checks

    def compare_mails(self) -> Check:
        rows = [{"export": each.partition(CHANGED_SUBJECT)[0]} for each in self.subjects("sheets-sync")]
        return compare_tab("mails", rows, ("export",), oracle.expect_mails())

    def compare_news(self) -> Check:
        rows = [{"verdict": subject} for subject in self.subjects("report")]
        return compare_tab("mails about last night", rows, ("verdict",), oracle.expect_news())

    def subjects(self, job: str) -> list[str]:
        """Of the mails of a job, without the project: a list id ends with the name of its job."""
        mails = [each for each in self.mailbox.messages() if str(each["List-Id"]).endswith(f".{job}>")]
        return [" ".join(str(each["Subject"]).split()).partition("] ")[2] for each in mails]

    def write_pages(self, cloud: Cloud) -> list[str]:
        return [f"the mails   {relative_path(self.root / MAILS)}"]


def compare_tab(
    name: str, rows: list[dict[str, Any]], columns: tuple[str, ...], expected: list[tuple[Any, ...]]
) -> Check:
    """Cells with numbers are compared to the cent."""
    cells = [{column: read_cell(row[column]) for column in columns} for row in rows]
    return compare_rows(lambda sql: cells, Expected(name, columns, expected))


def read_cell(cell: Any) -> Any:
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return round(Decimal(str(cell)), 2) if is_number else cell


COMPANY = Backoffice()
