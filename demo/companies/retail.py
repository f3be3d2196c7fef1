"""The retail shop: its declarations are those of the repository itself."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from demo.cloud import CLOCK, Cloud
from demo.expected import Check, Facts, compare, last_sale
from demo.shop.clock import parse_clock
from demo.shop.keys import FIRST_KEY_FILE

HOUR_SECONDS = 3600


class Retail:
    name = "retail"
    extension = "demo.shop"
    sheet = "daily_sales"
    query = "select * from dmt.daily_sales"
    runs = ("daily", "hourly", "hourly")

    def serve_sources(self, root: Path) -> AbstractContextManager[None]:
        return nullcontext()  # the extension serves the shop's API

    def secrets(self, root: Path) -> dict[str, str]:
        return {"retail-api-key": (root / FIRST_KEY_FILE).read_text()}

    def add_sources(self, cloud: Cloud) -> None:
        """None in Google Cloud."""

    def change_sources(self, cloud: Cloud, run: int) -> str:
        if run > 1:
            return ""
        now = cloud.call("POST", f"{CLOCK}:advance", {"seconds": HOUR_SECONDS})["now"]
        return f"an hour passes: {now}"

    def compare(self, cloud: Cloud) -> list[Check]:
        now = parse_clock(cloud.call("GET", CLOCK)["now"])
        return compare(cloud.bigquery, Facts(last_sale(now)))

    def write_pages(self, cloud: Cloud) -> list[str]:
        return []


COMPANY = Retail()
