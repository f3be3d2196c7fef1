"""The enterprise: two databases, an API, a bucket and a folder become tables that equal the oracle.

The tests of this file share one warehouse and run in order.
"""

import json
from decimal import Decimal

import pytest

from connector.errors import KeyRejected, RequestRejected
from demo.companies.erp.api import API_KEY
from demo.companies.erp.data import create_data
from demo.companies.erp.databases import PASSWORD
from demo.companies.erp.oracle import expect
from demo.companies.erp.servers import running_servers
from demo.servers.database import NO_MARIADB, find_mariadb
from demo.servers.s3 import ACCESS_KEY
from tests.demo.companies.system import System, lay_out_company

SECRETS = {
    "erp": PASSWORD,
    "stock": PASSWORD,
    "crm": API_KEY,
    "finance_files": json.dumps(ACCESS_KEY),
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    if find_mariadb() is None:
        pytest.skip(NO_MARIADB)
    with running_servers(
        create_data(), tmp_path_factory.mktemp("erp") / "branches", "finance-tests"
    ) as servers:
        yield servers


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return lay_out_company("erp", tmp_path_factory.mktemp("erp") / "project").compile()


@pytest.fixture(scope="module")
def erp(sandbox, servers, graph):
    erp = System(sandbox.address, "erp", graph, servers.variables, SECRETS)
    yield erp
    erp.close()


def differences(erp, servers):
    return erp.differences(expect(servers.databases, servers.data, servers.lost))


def test_the_first_load_equals_the_oracle(erp, servers):
    """An invoice is inserted in a transaction that is still open: its time is before the end of this copy."""
    erp.copy_all()
    erp.transform()
    assert differences(erp, servers) == []
    assert erp.rows("SELECT COUNT(*) FROM raw.invoices WHERE number = 'LATE-1'") == [(0,)]


def test_a_run_with_every_kind_of_change(erp, servers):
    """Inserts, updates, deletions, the late commit, a restored row, lists that lose rows, overwritten files."""
    servers.change()
    erp.day = 1
    erp.copy_all()
    erp.transform()
    assert differences(erp, servers) == []
    late = "SELECT amount FROM ods.invoices WHERE number = 'LATE-1'"
    assert erp.rows(late) == [(Decimal("77.7"),)]
    assert any("1 rows missed, 5 gone" in note for note in erp.notes())
    assert any("0 rows missed, 8 gone" in note for note in erp.notes())


def test_an_invalid_row_is_a_reject_with_its_line_number(erp):
    """After the head and twelve budgets: a line that has too many fields, and an amount that is not a number."""
    [reject] = erp.rejects("finance_files/budgets")
    assert (reject["number"], "4 fields instead of 3" in reject["reason"]) == (15, True)
    stored = erp.rows("SELECT reason, payload FROM ods.budgets_rejects WHERE file_day > '2000-01-01'")
    assert [reason for reason, _ in stored] == ["amount is not a number"]
    assert '"SYS_SOURCE_LINE":"14"' in stored[0][1]


def test_failures_lose_nothing(erp, servers):
    """A wrong password, a missing grant and a column that is added, retyped and dropped."""
    erp.secrets = SECRETS | {"stock": "wrong", "crm": "wrong"}
    with pytest.raises(KeyRejected, match="rejected the password"):
        erp.copy("stock", "articles")
    with pytest.raises(RequestRejected, match="401"):
        erp.copy("crm", "accounts")
    erp.secrets = SECRETS
    ledger = servers.databases.ledger
    ledger.execute("revoke select on ledger.payments from connector")
    with pytest.raises(RequestRejected, match="GRANT SELECT ON"):
        erp.copy("erp", "payments")
    ledger.execute("grant select on ledger.payments to connector")
    ledger.execute("alter table ledger.invoices add channel text default 'mail'")
    ledger.execute("alter table ledger.invoices alter account_id type text")
    ledger.execute("update ledger.invoices set status = 'paid', updated_at = clock_timestamp() where id = 12")
    erp.copy_all()
    assert any("channel" in note for note in erp.notes())
    erp.copy("erp", "invoices", "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z")
    erp.copy("erp", "invoices", "2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z")
    erp.transform()
    assert differences(erp, servers) == []


def test_a_full_refresh_gives_the_same_rows(erp, servers):
    erp.transform(full=True)
    assert differences(erp, servers) == []
