"""What the metadata of an object can hold: https://cloud.google.com/storage/quotas#objects"""

from connector.landing.files import Landing
from connector.landing.names import Run
from connector.landing.page_metadata import DriftReport, PageResult
from tests.fakes.memory_store import MemoryStore

RUN = Run.create("sales", 1_795_246_443_000, "0a1b2c3d")
LARGEST = 8 * 1024  # bytes of all names and values


def test_the_metadata_of_a_page_with_everything_fits():
    """Otherwise the write would be rejected, in every attempt of the run."""
    fields = [f"field_{number}_ä" for number in range(500)]
    drift = DriftReport(frozenset(fields), frozenset((field, "text") for field in fields))
    page = PageResult(1, 250, "0" * 16, 2**63, next="x" * 4000, note="ä" * 2000, fault="ä" * 2000)
    store = MemoryStore()
    landing = Landing(store, "sales")
    landing.write_page(RUN, page, b"{}\n", drift)
    [file] = landing.files_of_run(RUN, "in")
    landing.fail(file, "€" * 3000)
    [file] = landing.files_of_run(RUN, "failed")
    [(_, _, metadata)] = store.objects.values()
    assert sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items()) <= LARGEST
    assert file.page and (file.page.next, file.reason) == ("x" * 4000, "€" * 500)
    assert file.drift and file.drift < set(fields)
