"""A row is listed if the newest complete list contains it, or a later list."""

import pytest

from tests.dataform.retail import customer, file, product

ENDPOINTS = {
    "products": (lambda key: product(key, 1.0), ("a", "b", "c")),
    "customers": (lambda key: customer(key), (1, 2, 3)),
}


class Lists:
    """Loads pages of lists of one endpoint and writes the logs of its runs, as the connector does."""

    def __init__(self, runner, endpoint):
        self.warehouse, self.endpoint, self.runner = runner.warehouse, endpoint, runner
        self.row, self.keys = ENDPOINTS[endpoint]
        # The table itself, and the tables that its script fills.
        filled = {f"ods.{endpoint}{suffix}" for suffix in ("", "_rejects", "_changes")}
        needed = {"ods.checkpoints", "ods.file_reads"} | filled
        self.actions = [action for action in runner.actions if action.name in needed]

    def load(self, number, page, *keys):
        self.warehouse.load(
            self.endpoint, {file(self.endpoint, number, page): [self.row(key) for key in keys]}
        )

    def log(self, number, status, run_id=None, **pages):
        """`pages` are the states of the files, such as p1="archived"."""
        run_id, now = run_id or f"run {number}", "current_timestamp()"
        columns = "run_id, endpoint, started_at, finished_at, status, pages, files, rows_loaded, bytes"
        self.warehouse.query(
            f"insert into `{self.warehouse.project}.ops.run_log` ({columns}) "
            f"values ('{run_id}', '{self.endpoint}', {now}, {now}, '{status}', 1, 1, 1, 1)"
        )
        if not pages:
            return
        rows = ", ".join(
            f"('{run_id}', '{self.endpoint}', '{name}', '{state}', 1, 1, {now})"
            for name, state in (
                (file(self.endpoint, number, int(p[1:])), state) for p, state in pages.items()
            )
        )
        columns = "run_id, endpoint, file_name, state, `rows`, bytes, logged_at"
        self.warehouse.query(f"insert into `{self.warehouse.project}.ops.file_log` ({columns}) values {rows}")

    def listed(self):
        for action in self.actions:
            self.runner.run_action(action)
        key = "product_sku" if self.endpoint == "products" else "id"
        return [row[key] for row in self.warehouse.rows(f"ods.{self.endpoint}", key, "is_listed")]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_incomplete_list_removes_nothing(runner, endpoint):
    lists = Lists(runner, endpoint)
    a, b, c = lists.keys
    lists.load(2, 1, a, b)
    lists.log(2, "success", p1="archived")
    assert lists.listed() == [a, b]

    lists.load(3, 1, a)  # its second page is in failed/: b may have been on it
    lists.log(3, "partial", p1="archived", p2="failed")
    assert lists.listed() == [a, b]

    lists.load(3, 2, c)  # replayed: b was not on it
    lists.log(3, "success", run_id="replay", p2="archived")
    assert lists.listed() == [a, c]

    lists.load(4, 1, b)  # the source never returned a page
    lists.log(4, "incomplete", p1="archived")
    assert lists.listed() == [a, b, c]

    lists.load(5, 1, b)
    lists.log(5, "success", p1="archived")
    assert lists.listed() == [b]


@pytest.mark.parametrize("status", ["success", "partial"])
def test_a_run_that_another_process_completed_is_complete(runner, status):
    lists = Lists(runner, "products")
    lists.load(2, 1, "a", "b")
    lists.log(2, "success", p1="archived")
    lists.load(3, 1, "a")
    lists.log(3, "incomplete", p1="archived")
    assert lists.listed() == ["a", "b"]
    lists.log(3, status)
    lists.load(3, 2, "c")
    lists.log(3, "failed", p2="archived")
    assert lists.listed() == ["a", "c"]


def test_an_incomplete_run_that_failed_again_stays_incomplete(runner):
    lists = Lists(runner, "products")
    lists.load(2, 1, "a", "b")
    lists.log(2, "success", p1="archived")
    lists.load(3, 1, "a")
    lists.log(3, "incomplete", p1="archived")
    lists.log(3, "failed")
    assert lists.listed() == ["a", "b"]
