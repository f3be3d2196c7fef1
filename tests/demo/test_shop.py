"""The shop's retail API, with the real data."""

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
    """A client with the first API key, and the control requests."""

    def __init__(self, state):
        self.state = state
        self.http = requests.Session()
        self.http.headers["X-API-Key"] = (state.root / "retail-api-key").read_text()

    def get(self, path, **parameters):
        return self.http.get(f"{self.state.address}/retail/v1/{path}", params=parameters, timeout=30)

    def request(self, method, path, body=None, key=None):
        headers = {"X-API-Key": key} if key else {}
        url = f"{self.state.address}/retail/v1/{path}"
        return self.http.request(method, url, json=body, headers=headers, timeout=30)

    def ids(self, **parameters):
        return [item["id"] for item in self.get("sales", **parameters).json()["items"]]

    def control(self, method, name, body=None):
        response = self.http.request(
            method, f"{self.state.address}/sandbox/retail/{name}", json=body, timeout=30
        )
        return response.json()


@pytest.fixture(autouse=True)
def reset_controls(shop):
    yield
    shop.control("PUT", "faults", {})
    shop.control("PUT", "rows", {})
    shop.control("PUT", "clock", {"now": "2017-01-29T00:00:00Z"})


def test_a_sale_is_a_basket_with_its_lines(shop):
    response = shop.get("sales", page_size=1).json()
    assert response == {
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


def test_a_product_never_sold_has_no_price(shop):
    bread, fasteners = shop.get("products", page_size=2).json()["items"]
    assert bread == {
        "product_sku": "1000002",
        "description": "DELI MEATS - MEAT: BEEF BULK",
        "unit_amount": 3.5,
        "supplier": "4373",
    }
    assert fasteners["unit_amount"] is None


def test_demographics_of_some_customers_are_unknown(shop):
    items = shop.get("customers").json()["items"]
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
def test_pages_have_every_item_once(shop, path, total):
    key = "product_sku" if path == "products" else "id"
    pages = shop.get(path).json()["total_pages"]
    with ThreadPoolExecutor(16) as pool:
        responses = pool.map(lambda page: shop.get(path, page=page).json(), range(1, pages + 1))
        keys = [item[key] for response in responses for item in response["items"]]
    assert len(keys) == total
    assert keys == sorted(set(keys))


def test_a_page_past_the_end_is_empty(shop):
    response = shop.get("customers", page=11).json()
    assert (response["items"], response["total_pages"]) == ([], 10)


def test_an_empty_window_has_no_pages(shop):
    response = shop.get("sales", start_sales_id=11433).json()
    assert (response["items"], response["total_pages"], response["total_items"]) == ([], 0, 0)
    assert response["last_sales_id"] == 11432


def test_a_window_includes_both_ends(shop):
    assert shop.ids(start_sales_id=17, end_sales_id=19) == [17, 18, 19]


def test_a_window_starts_with_a_date(shop):
    first = shop.get("sales", start_date="2017-01-15", page_size=1).json()["items"][0]
    assert first["datetime"] == "2017-01-15T00:00:19Z"
    before = shop.get("sales", start_sales_id=first["id"] - 1, page_size=1).json()["items"][0]
    assert before["datetime"] < "2017-01-15"


@pytest.mark.parametrize(
    ("path", "parameters", "message"),
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
def test_an_invalid_parameter_is_named(shop, path, parameters, message):
    response = shop.get(path, **parameters)
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_a_missing_or_wrong_key_is_rejected(shop):
    url = f"{shop.state.address}/retail/v1/sales"
    assert requests.get(url, timeout=10).status_code == 401
    wrong = requests.get(url, headers={"X-API-Key": "käse".encode()}, timeout=10)
    assert (wrong.status_code, list(wrong.json())) == (401, ["error"])


def test_unknown_paths_and_methods_are_rejected(shop):
    assert shop.get("suppliers").status_code == 404
    assert shop.http.post(f"{shop.state.address}/retail/v1/sales", timeout=10).status_code == 405


def test_keys_are_issued_and_revoked(shop):
    issued = shop.request("POST", "keys", {"name": "nightly"})
    assert issued.status_code == 201
    new = issued.json()
    value = new.pop("key")
    assert shop.request("GET", "keys", key=value).json()["items"] == [
        shop.request("GET", "keys/self").json(),
        new,
    ]
    assert shop.request("GET", "keys/self", key=value).json() == new
    assert (new["name"], len(new["created_at"])) == ("nightly", len("2026-11-21T00:00:00Z"))
    assert shop.request("GET", "customers", key=value).status_code == 200  # both are valid at once
    assert shop.request("DELETE", f"keys/{new['id']}").status_code == 204
    assert shop.request("GET", "customers", key=value).status_code == 401
    assert shop.request("DELETE", f"keys/{new['id']}").status_code == 404


def test_a_key_cannot_revoke_itself(shop):
    key_id = shop.request("GET", "keys/self").json()["id"]
    assert shop.request("DELETE", f"keys/{key_id}").status_code == 409
    assert shop.get("customers").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "keys", {"name": 1}, 400),
        ("POST", "keys", {"name": "x" * 201}, 400),
        ("POST", "keys", {"key": "mine"}, 400),
        ("POST", "keys", ["name"], 400),
        ("POST", "keys", {"name": "\ud800"}, 400),  # a lone surrogate cannot be encoded in UTF-8
        ("POST", "keys", {"name": "two\nlines"}, 400),
        ("POST", "keys/1", None, 405),
        ("PUT", "keys", None, 405),
        ("DELETE", "keys", None, 405),
        ("GET", "keys/1", None, 405),
        ("GET", "keys?page=1", None, 400),
    ],
)
def test_an_invalid_key_request_changes_nothing(shop, method, path, body, code):
    before = shop.request("GET", "keys").json()
    assert shop.request(method, path, body).status_code == code
    assert shop.request("GET", "keys").json() == before


def test_key_requests_require_a_valid_key(shop):
    for method, path in [("POST", "keys"), ("GET", "keys"), ("GET", "keys/self"), ("DELETE", "keys/1")]:
        assert shop.request(method, path, key="wrong").status_code == 401


def test_faults_of_key_requests(shop):
    shop.control("PUT", "faults", {"no_keys": 1})
    assert shop.request("POST", "keys").status_code == 503
    shop.control("PUT", "faults", {"dead_keys": 1})
    invalid = shop.request("POST", "keys").json()
    shop.control("PUT", "faults", {})
    assert shop.request("GET", "customers", key=invalid["key"]).status_code == 401
    assert shop.request("DELETE", f"keys/{invalid['id']}").status_code == 204


def test_sales_after_the_clock_are_hidden(shop):
    second = shop.get("sales", start_sales_id=2, page_size=1).json()["items"][0]["datetime"]
    shop.control("PUT", "clock", {"now": second})
    assert shop.ids() == [1, 2]
    assert shop.get("sales").json()["last_sales_id"] == 2
    shop.control("PUT", "clock", {"now": "2017-01-01T00:00:00Z"})
    assert shop.ids() == []  # before the first sale


def test_the_clock_advances(shop):
    assert shop.control("POST", "clock:advance", {"seconds": 3600}) == {"now": "2017-01-29T01:00:00Z"}
    last = shop.get("sales").json()["last_sales_id"]
    assert last > 11432
    later = shop.get("sales", start_sales_id=11433).json()["items"]
    assert all("2017-01-29T00" <= item["datetime"] <= "2017-01-29T01:00:00Z" for item in later)


def test_ids_stay_the_same_in_the_next_month(shop):
    shop.control("PUT", "clock", {"now": "2017-03-02T00:00:00Z"})
    ids = shop.ids(start_date="2017-01-31")
    assert ids == list(range(ids[0], ids[0] + 250))
    last = shop.get("sales").json()["last_sales_id"]
    assert shop.get("sales", start_sales_id=last).json()["items"][0]["datetime"] < "2017-03-02"


def test_a_clock_requires_an_offset(shop):
    assert "offset" in shop.control("PUT", "clock", {"now": "2017-01-29T00:00:00"})["error"]
    assert shop.control("GET", "clock") == {"now": "2017-01-29T00:00:00Z"}


def test_the_same_seed_gives_the_same_faults(shop):
    plan = {"status_503": 0.2, "status_429": 0.2, "retry_after": 3, "seed": 7}

    def fetch_30():
        shop.control("PUT", "faults", plan)
        return [shop.get("customers", page_size=1) for _ in range(30)]

    first, second = fetch_30(), fetch_30()
    assert [response.status_code for response in first] == [response.status_code for response in second]
    assert {response.status_code for response in first} == {200, 503, 429}
    assert {response.headers.get("Retry-After") for response in first if response.status_code == 429} == {"3"}
    report = shop.control("GET", "faults")
    assert report["requests"] == sum(report["answered"].values()) == 30
    assert report["answered"]["status_503"] == sum(response.status_code == 503 for response in second)


def test_faulty_pages(shop):
    shop.control("PUT", "faults", {"not_json": 1})
    with pytest.raises(json.JSONDecodeError):
        shop.get("customers").json()
    shop.control("PUT", "faults", {"drop_items_list": 1})
    assert "items" not in shop.get("customers").json()
    shop.control("PUT", "faults", {"reset": 1})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        shop.get("customers")


@pytest.mark.parametrize(
    "plan", [{"status_500": 1}, {"status_503": 1.5}, {"reset": 0.6, "not_json": 0.6}, {"seed": "x"}]
)
def test_an_invalid_fault_plan_is_rejected(shop, plan):
    assert "error" in shop.control("PUT", "faults", plan)
    assert shop.get("customers").status_code == 200


@pytest.mark.parametrize("number", ["1e400", "NaN", "-Infinity"])
def test_an_infinite_fault_is_rejected(shop, number):
    url = f"{shop.state.address}/sandbox/retail/faults"
    assert requests.put(url, data=f'{{"latency_ms": {number}}}', timeout=10).status_code == 400
    assert shop.get("customers", page_size=1).status_code == 200


@pytest.mark.parametrize(
    ("file", "method", "path", "body"),
    [
        ("retail-keys.json", "POST", "retail/v1/keys", {}),
        ("retail-clock", "PUT", "sandbox/retail/clock", {"now": "2017-02-01T00:00:00Z"}),
        ("retail-rows.json", "PUT", "sandbox/retail/rows", {"sales": {"hidden": [1]}}),
    ],
)
def test_a_full_disk_gives_507_and_keeps_the_old_state(shop, file, method, path, body):
    """Clients do not retry a 507, so the error is reported at once."""
    url = f"{shop.state.address}/{path}"
    new = shop.state.root / f"{file}.new"
    before = shop.http.get(url, timeout=10).json()
    new.unlink(missing_ok=True)
    new.symlink_to("/dev/full")
    response = shop.http.request(method, url, json=body, timeout=10)
    new.unlink()
    assert response.status_code == 507
    assert response.json()["error"]["message"].endswith("is full; make room and try again.")
    assert shop.http.get(url, timeout=10).json() == before
    assert shop.http.request(method, url, json=body, timeout=10).ok


def test_hidden_items_reappear(shop):
    shop.control("PUT", "rows", {"sales": {"hidden": [17]}, "products": {"hidden": ["1000002"]}})
    assert shop.ids(start_sales_id=16, end_sales_id=18) == [16, 18]
    assert shop.get("sales").json()["total_items"] == 11431
    assert shop.get("products").json()["total_items"] == 92330
    shop.control("PUT", "rows", {})
    assert shop.ids(start_sales_id=16, end_sales_id=18) == [16, 17, 18]


def test_overlay_items_replace_and_add(shop):
    amended = {"id": 17, "datetime": "never", "items": None}
    later = {"id": 20000, "datetime": "2017-01-02T00:00:00Z"}
    shop.control("PUT", "rows", {"sales": {"given": [amended, later]}})
    assert shop.get("sales", start_sales_id=17, end_sales_id=17).json()["items"] == [amended]
    response = shop.get("sales", start_sales_id=11432).json()
    assert ([item["id"] for item in response["items"]], response["last_sales_id"]) == ([11432, 20000], 20000)


def test_items_without_a_key_are_in_every_window_once(shop):
    keyless = [{"datetime": "2017-01-01T00:00:00Z"}, {"id": "17"}, {"id": True}, "text", None]
    shop.control("PUT", "rows", {"sales": {"given": keyless}})
    pages = [
        shop.get("sales", start_sales_id=11429, page_size=3, page=page).json()["items"]
        for page in (1, 2, 3, 4)
    ]
    assert [len(items) for items in pages] == [3, 3, 3, 0]
    assert [item for items in pages for item in items][4:] == keyless


def test_a_restart_keeps_keys_and_clock(tmp_path):
    with running(tmp_path) as state:
        shop = Shop(state)
        shop.control("POST", "clock:advance", {"seconds": 60})
        new = shop.request("POST", "keys").json()["key"]
        first = shop.request("GET", "keys/self").json()["id"]
        shop.request("DELETE", f"keys/{first}", key=new)
    with running(tmp_path) as state:
        restarted = Shop(state)
        assert restarted.control("GET", "clock") == {"now": "2017-01-29T00:01:00Z"}
        assert restarted.request("GET", "keys", key=new).status_code == 200
        assert restarted.get("customers").status_code == 401  # the first key is still revoked
