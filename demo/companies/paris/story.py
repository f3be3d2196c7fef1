"""What happens in the demo: the city publishes one school year after the other."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from demo.cloud import Cloud
from demo.companies.paris.catalogue import catalogue_path, read_catalogue, school_years
from demo.companies.paris.dashboard import write_dashboard
from demo.companies.paris.expected import expected_tables
from demo.companies.rows import compare_rows
from demo.expected import Check


class Paris:
    name = "paris"
    extension = "demo.companies.paris"
    sheet = "schools"
    query = "select * from dmt.school_history where edition > 1"
    runs = ("daily", "daily", "daily", "daily", "daily")

    def serve_sources(self, root: Path) -> AbstractContextManager[None]:
        return nullcontext()  # the extension serves the portal

    def secrets(self, root: Path) -> dict[str, str]:
        return {}  # the portal needs no key

    def add_sources(self, cloud: Cloud) -> None:
        """None in Google Cloud."""

    def change_sources(self, cloud: Cloud, run: int) -> str:
        years = school_years(read_catalogue(catalogue_path()))
        if run >= len(years):
            return ""
        published = cloud.call("POST", "/sandbox/paris/publish")["years"]
        return f"the city publishes {published[-1]}"

    def compare(self, cloud: Cloud) -> list[Check]:
        tables = expected_tables(read_catalogue(catalogue_path()))
        return [compare_rows(cloud.rows, table) for table in tables]

    def write_pages(self, cloud: Cloud) -> list[str]:
        return [f"the schools {write_dashboard(cloud)}"]


COMPANY = Paris()
