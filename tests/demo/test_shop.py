"""The retail API: the shapes of docs/design.md, over the real data."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from demo.server import running


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with running(tmp_path_factory.mktemp("shop")) as state:
        yield Shop(state)


class Shop:
    """A person with the key, and the controls."""

    def __init__(self, state):
        self.state = state
        self.http = requests.Session()
        self.http.headers["X-API-Key"] = (state.root / "retail-api-key").read_text()

    def ask(self, path, **parameters):
        return self.http.get(f"{self.state.address}/retail/v1/{path}", params=parameters, timeout=30)

    def key(self, method, path, body=None, key=None):
        headers = {"X-API-Key": key} if key else {}
        url = f"{self.state.address}/retail/v1/{path}"
        return self.http.request(method, url, json=body, headers=headers, timeout=30)

    def ids(self, **parameters):
        return [item["id"] for item in self.ask("sales", **parameters).json()["items"]]

    def control(self, method, name, body=None):
        answer = self.http.request(
            method, f"{self.state.address}/sandbox/retail/{name}", json=body, timeout=30
        )
        return answer.json()


@pytest.fixture(autouse=True)
def calm(shop):
    yield
    shop.control("PUT", "faults", {})
    shop.control("PUT", "rows", {})
    shop.control("PUT", "clock", {"now": "2017-01-29T00:00:00Z"})


def test_a_sale_is_a_basket_with_its_lines(shop):
    answer = shop.ask("sales", page_size=1).json()
    assert answer == {
        "items": [
            {
                "id": 1,
                "datetime": "2017-01-01T11:53:26Z",
                "customer_id": 900,
                "store_id": 330,
                "items": [{"product_sku": "1095275", "quantity": 1, "amount": 0.5}],
            }
        ],
        "page": 1,
        "page_size": 1,
        "total_items": 11432,
        "total_pages": 11432,
        "last_sales_id": 11432,
    }


def test_a_product_and_one_that_was_never_sold(shop):
    bread, fasteners = shop.ask("products", page_size=2).json()["items"]
    assert bread == {
        "product_sku": "1000002",
        "description": "DELI MEATS - MEAT: BEEF BULK",
        "unit_amount": 3.5,
        "supplier": "4373",
    }
    assert fasteners["unit_amount"] is None


def test_a_customer_known_by_demographics_and_one_by_number_only(shop):
    items = shop.ask("customers").json()["items"]
    assert items[0] == {
        "id": 1,
        "name": "Zoë Brown",
        "email": "household1@example.com",
        "phone": "+1-555-201-0101",
        "age": "65+",
        "income": "35-49K",
        "household_size": "2",
    }
    assert any(item["age"] is None for item in items)


@pytest.mark.parametrize(("path", "total"), [("products", 92331), ("customers", 2469), ("sales", 11432)])
def test_pages_add_up_to_the_whole(shop, path, total):
    key = "product_sku" if path == "products" else "id"
    pages = shop.ask(path).json()["total_pages"]
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda page: shop.ask(path, page=page).json(), range(1, pages + 1))
        keys = [item[key] for answer in answers for item in answer["items"]]
    assert len(keys) == total
    assert keys == sorted(set(keys))


def test_a_page_past_the_end_is_empty(shop):
    answer = shop.ask("customers", page=11).json()
    assert (answer["items"], answer["total_pages"]) == ([], 10)


def test_an_empty_window_has_no_pages(shop):
    answer = shop.ask("sales", start_sales_id=11433).json()
    assert (answer["items"], answer["total_pages"], answer["total_items"]) == ([], 0, 0)
    assert answer["last_sales_id"] == 11432


def test_both_ends_of_a_window_belong_to_it(shop):
    assert shop.ids(start_sales_id=17, end_sales_id=19) == [17, 18, 19]


def test_a_window_can_begin_with_a_day(shop):
    first = shop.ask("sales", start_date="2017-01-15", page_size=1).json()["items"][0]
    assert first["datetime"] == "2017-01-15T00:00:19Z"
    before = shop.ask("sales", start_sales_id=first["id"] - 1, page_size=1).json()["items"][0]
    assert before["datetime"] < "2017-01-15"


@pytest.mark.parametrize(
    ("path", "parameters", "says"),
    [
        ("sales", {"page_size": 251}, "1 to 250"),
        ("sales", {"page": 0}, "page is at least 1"),
        ("sales", {"page": "two"}, "'two'"),
        ("sales", {"page": "1_0"}, "'1_0'"),
        ("sales", {"start_date": "29.01.2017"}, "29.01.2017"),
        ("sales", {"since": 1}, "since"),
        ("products", {"start_sales_id": 1}, "start_sales_id"),
    ],
)
def test_a_bad_parameter_is_named(shop, path, parameters, says):
    answer = shop.ask(path, **parameters)
    assert answer.status_code == 400
    assert says in answer.json()["error"]


def test_strangers_stay_out(shop):
    url = f"{shop.state.address}/retail/v1/sales"
    assert requests.get(url, timeout=10).status_code == 401
    wrong = requests.get(url, headers={"X-API-Key": "käse".encode()}, timeout=10)
    assert (wrong.status_code, list(wrong.json())) == (401, ["error"])


def test_unknown_paths_and_verbs(shop):
    assert shop.ask("suppliers").status_code == 404
    assert shop.http.post(f"{shop.state.address}/retail/v1/sales", timeout=10).status_code == 405


def test_keys_are_issued_and_revoked(shop):
    issued = shop.key("POST", "keys", {"name": "nightly"})
    assert issued.status_code == 201
    new = issued.json()
    value = new.pop("key")
    assert shop.key("GET", "keys", key=value).json()["items"] == [shop.key("GET", "keys/self").json(), new]
    assert shop.key("GET", "keys/self", key=value).json() == new
    assert (new["name"], len(new["created_at"])) == ("nightly", len("2026-11-21T00:00:00Z"))
    assert shop.key("GET", "customers", key=value).status_code == 200  # both are good at once
    assert shop.key("DELETE", f"keys/{new['id']}").status_code == 204
    assert shop.key("GET", "customers", key=value).status_code == 401
    assert shop.key("DELETE", f"keys/{new['id']}").status_code == 404


def test_the_key_that_asks_is_not_revoked(shop):
    own = shop.key("GET", "keys/self").json()["id"]
    assert shop.key("DELETE", f"keys/{own}").status_code == 409
    assert shop.ask("customers").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "keys", {"name": 1}, 400),
        ("POST", "keys", {"name": "x" * 201}, 400),
        ("POST", "keys", {"key": "mine"}, 400),
        ("POST", "keys", ["name"], 400),
        ("POST", "keys", {"name": "\ud800"}, 400),  # no UTF-8 has it, so no list could show it
        ("POST", "keys", {"name": "two\nlines"}, 400),
        ("POST", "keys/1", None, 405),
        ("PUT", "keys", None, 405),
        ("DELETE", "keys", None, 405),
        ("GET", "keys/1", None, 405),
        ("GET", "keys?page=1", None, 400),
    ],
)
def test_a_wrong_request_for_keys_changes_nothing(shop, method, path, body, code):
    before = shop.key("GET", "keys").json()
    assert shop.key(method, path, body).status_code == code
    assert shop.key("GET", "keys").json() == before


def test_strangers_learn_nothing_of_keys(shop):
    for method, path in [("POST", "keys"), ("GET", "keys"), ("GET", "keys/self"), ("DELETE", "keys/1")]:
        assert shop.key(method, path, key="wrong").status_code == 401


def test_issuing_can_fail_and_a_new_key_can_be_dead(shop):
    shop.control("PUT", "faults", {"no_keys": 1})
    assert shop.key("POST", "keys").status_code == 503
    shop.control("PUT", "faults", {"dead_keys": 1})
    dead = shop.key("POST", "keys").json()
    shop.control("PUT", "faults", {})
    assert shop.key("GET", "customers", key=dead["key"]).status_code == 401
    assert shop.key("DELETE", f"keys/{dead['id']}").status_code == 204


def test_a_sale_exists_once_the_clock_has_passed_it(shop):
    second = shop.ask("sales", start_sales_id=2, page_size=1).json()["items"][0]["datetime"]
    shop.control("PUT", "clock", {"now": second})
    assert shop.ids() == [1, 2]
    assert shop.ask("sales").json()["last_sales_id"] == 2
    shop.control("PUT", "clock", {"now": "2017-01-01T00:00:00Z"})
    assert shop.ids() == []  # nothing was sold yet


def test_the_clock_advances(shop):
    assert shop.control("POST", "clock:advance", {"seconds": 3600}) == {"now": "2017-01-29T01:00:00Z"}
    grown = shop.ask("sales").json()["last_sales_id"]
    assert grown > 11432
    later = shop.ask("sales", start_sales_id=11433).json()["items"]
    assert all("2017-01-29T00" <= item["datetime"] <= "2017-01-29T01:00:00Z" for item in later)


def test_ids_hold_when_the_clock_runs_into_another_month(shop):
    shop.control("PUT", "clock", {"now": "2017-03-02T00:00:00Z"})
    ids = shop.ids(start_date="2017-01-31")
    assert ids == list(range(ids[0], ids[0] + 250))
    last = shop.ask("sales").json()["last_sales_id"]
    assert shop.ask("sales", start_sales_id=last).json()["items"][0]["datetime"] < "2017-03-02"


def test_a_clock_needs_a_zone(shop):
    assert "zone" in shop.control("PUT", "clock", {"now": "2017-01-29T00:00:00"})["error"]
    assert shop.control("GET", "clock") == {"now": "2017-01-29T00:00:00Z"}


def test_faults_come_again_with_the_same_seed(shop):
    plan = {"status_503": 0.2, "status_429": 0.2, "retry_after": 3, "seed": 7}

    def statuses():
        shop.control("PUT", "faults", plan)
        return [shop.ask("customers", page_size=1) for _ in range(30)]

    first, second = statuses(), statuses()
    assert [answer.status_code for answer in first] == [answer.status_code for answer in second]
    assert {answer.status_code for answer in first} == {200, 503, 429}
    assert {answer.headers.get("Retry-After") for answer in first if answer.status_code == 429} == {"3"}
    report = shop.control("GET", "faults")
    assert report["requests"] == sum(report["answered"].values()) == 30
    assert report["answered"]["status_503"] == sum(answer.status_code == 503 for answer in second)


def test_answers_that_are_no_pages(shop):
    shop.control("PUT", "faults", {"not_json": 1})
    with pytest.raises(json.JSONDecodeError):
        shop.ask("customers").json()
    shop.control("PUT", "faults", {"drop_items_list": 1})
    assert "items" not in shop.ask("customers").json()
    shop.control("PUT", "faults", {"reset": 1})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        shop.ask("customers")


@pytest.mark.parametrize(
    "plan", [{"status_500": 1}, {"status_503": 1.5}, {"reset": 0.6, "not_json": 0.6}, {"seed": "x"}]
)
def test_a_plan_that_cannot_be_is_refused(shop, plan):
    assert "error" in shop.control("PUT", "faults", plan)
    assert shop.ask("customers").status_code == 200


@pytest.mark.parametrize("number", ["1e400", "NaN", "-Infinity"])
def test_a_fault_without_end_is_refused(shop, number):
    url = f"{shop.state.address}/sandbox/retail/faults"
    assert requests.put(url, data=f'{{"latency_ms": {number}}}', timeout=10).status_code == 400
    assert shop.ask("customers", page_size=1).status_code == 200


@pytest.mark.parametrize(
    ("file", "method", "path", "body"),
    [
        ("retail-keys.json", "POST", "retail/v1/keys", {}),
        ("retail-clock", "PUT", "sandbox/retail/clock", {"now": "2017-02-01T00:00:00Z"}),
        ("retail-rows.json", "PUT", "sandbox/retail/rows", {"sales": {"hidden": [1]}}),
    ],
)
def test_on_a_full_disk_it_says_so_and_keeps_what_it_had(shop, file, method, path, body):
    """No client tries a 507 again, so nobody waits for minutes to learn it."""
    url = f"{shop.state.address}/{path}"
    new = shop.state.root / f"{file}.new"
    before = shop.http.get(url, timeout=10).json()
    new.unlink(missing_ok=True)
    new.symlink_to("/dev/full")
    refused = shop.http.request(method, url, json=body, timeout=10)
    new.unlink()
    assert refused.status_code == 507
    assert refused.json()["error"]["message"].endswith("is full; make room and try again.")
    assert shop.http.get(url, timeout=10).json() == before
    assert shop.http.request(method, url, json=body, timeout=10).ok


def test_hidden_rows_show_again(shop):
    shop.control("PUT", "rows", {"sales": {"hidden": [17]}, "products": {"hidden": ["1000002"]}})
    assert shop.ids(start_sales_id=16, end_sales_id=18) == [16, 18]
    assert shop.ask("sales").json()["total_items"] == 11431
    assert shop.ask("products").json()["total_items"] == 92330
    shop.control("PUT", "rows", {})
    assert shop.ids(start_sales_id=16, end_sales_id=18) == [16, 17, 18]


def test_given_rows_replace_and_add(shop):
    amended = {"id": 17, "datetime": "never", "items": None}
    later = {"id": 20000, "datetime": "2017-01-02T00:00:00Z"}
    shop.control("PUT", "rows", {"sales": {"given": [amended, later]}})
    assert shop.ask("sales", start_sales_id=17, end_sales_id=17).json()["items"] == [amended]
    answer = shop.ask("sales", start_sales_id=11432).json()
    assert ([item["id"] for item in answer["items"]], answer["last_sales_id"]) == ([11432, 20000], 20000)


def test_rows_without_a_key_are_in_every_window_once(shop):
    strange = [{"datetime": "2017-01-01T00:00:00Z"}, {"id": "17"}, {"id": True}, "text", None]
    shop.control("PUT", "rows", {"sales": {"given": strange}})
    pages = [
        shop.ask("sales", start_sales_id=11429, page_size=3, page=page).json()["items"]
        for page in (1, 2, 3, 4)
    ]
    assert [len(items) for items in pages] == [3, 3, 3, 0]
    assert [item for items in pages for item in items][4:] == strange


def test_a_restart_goes_on_with_its_keys_and_clock(tmp_path):
    with running(tmp_path) as state:
        shop = Shop(state)
        shop.control("POST", "clock:advance", {"seconds": 60})
        new = shop.key("POST", "keys").json()["key"]
        first = shop.key("GET", "keys/self").json()["id"]
        shop.key("DELETE", f"keys/{first}", key=new)
    with running(tmp_path) as state:
        again = Shop(state)
        assert again.control("GET", "clock") == {"now": "2017-01-29T00:01:00Z"}
        assert again.key("GET", "keys", key=new).status_code == 200
        assert again.ask("customers").status_code == 401  # the first was revoked, and stays so
