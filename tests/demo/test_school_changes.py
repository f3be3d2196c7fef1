"""History of the Paris schools: real changes only."""

import csv
import io
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

ROOT = Path(__file__).parents[2]
QUERY = (ROOT / "demo/paris/school_changes.sql").read_text(encoding="utf-8")
SAMPLE = Path(__file__).parent / "paris/sample.csv"
COLUMNS = {1: "name", 2: "address", 4: "insee", 5: "school_year", 8: "point"}


@pytest.fixture(scope="module")
def find_changes(sandbox):
    """A function from a catalogue to the changes that the query finds in it."""
    options = {"api_endpoint": sandbox.address}
    client = bigquery.Client("paris-tests", AnonymousCredentials(), client_options=options, location="EU")
    client.create_dataset("raw")

    def find(path: Path) -> list[tuple[str, ...]]:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";"))[1:]
        client.delete_table("raw.colleges", not_found_ok=True)
        config = bigquery.LoadJobConfig(
            schema=[bigquery.SchemaField(name, "STRING") for name in COLUMNS.values()]
        )
        items = [{name: row[position] for position, name in COLUMNS.items()} for row in rows]
        client.load_table_from_json(items, "paris-tests.raw.colleges", job_config=config).result()
        return [tuple(row.values()) for row in client.query_and_wait(QUERY)]

    yield find
    client.close()


def test_spelling_and_digits_are_not_changes(find_changes):
    assert find_changes(SAMPLE) == [
        ("2020-2021", "LILAS", "address 9 RUE B; moved; renamed from LES LILAS"),
        ("2020-2021", "MARIE MODELE", "address unknown; moved"),
        ("2020-2021", "NINA NEUVE", "opened"),
        ("2020-2021", "PAUL PARTI", "closed"),
    ]
