"""Complete runs: rows of the source arrive in raw."""

from tests.connector.project import sale, sales


def test_an_endpoint_is_copied_into_raw(project, shop):
    shop.items["sales"] = sales(1, 600)
    project.copy()
    assert project.ids() == list(range(1, 601))
    assert project.log() == [("success", 1, 600, 3, 3, 600)]
    assert project.remaining() == []
    assert project.rows("SELECT DISTINCT state, `rows` FROM ops.file_log ORDER BY `rows`") == [
        ("archived", 100),
        ("archived", 250),
    ]
    # the first response fixed the end of the window; other requests contain it
    assert sorted(query.get("end_sales_id", "") for query in shop.queries) == ["", "600", "600"]


def test_a_row_has_all_columns(project, shop):
    shop.items["sales"] = [sale(17, items=[{"product_sku": "1", "quantity": 2, "amount": 0.75}])]
    project.copy()
    [(number, moment, customer, store, items, loaded, file)] = project.rows("SELECT * FROM raw.sales")
    assert (number, moment, customer, store) == ("17", "2017-01-01T17:00:00Z", "900", "330")
    assert items == [{"product_sku": "1", "quantity": "2", "amount": "0.75"}]
    assert loaded is not None
    assert project.rows("SELECT file_name FROM ops.file_log") == [(file,)]
    day = file.split("_")[1]
    assert [item.name for item in project.bucket.list("sales/archive/")] == [f"sales/archive/{day}/{file}"]


def test_a_run_without_new_rows_is_logged(project, shop):
    project.copy()
    assert project.log() == [("success", 1, 0, 1, 0, 0)]
    assert project.rows("SELECT * FROM ops.file_log") == []
    assert project.remaining() == []


def test_an_endpoint_without_a_window_is_copied_as_a_whole(project, shop):
    shop.items["products"] = [{"product_sku": str(n), "unit_amount": None} for n in range(300)]
    project.copy("products")
    project.copy("products")
    assert project.rows("SELECT COUNT(*), COUNT(DISTINCT product_sku) FROM raw.products") == [(600, 300)]
    assert project.log("status, window_from, window_until, rows_loaded") == [("success", None, None, 300)] * 2


def test_rows_that_are_added_during_a_run_shift_no_page(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.after_page = {1: lambda: shop.items["sales"].extend(sales(601, 900))}
    project.copy()
    assert project.ids() == list(range(1, 601))
    project.copy(start="601")
    assert project.ids() == list(range(1, 901))


def test_files_sort_by_run_even_if_the_clock_is_set_back(project, shop):
    shop.items["sales"] = [sale(1, store_id=1)]
    project.copy()
    shop.items["sales"] = [sale(1, store_id=2)]
    project.clock -= 3_600_000
    project.copy()
    newest = "SELECT store_id FROM raw.sales WHERE SYS_FILE_NAME = (SELECT MAX(SYS_FILE_NAME) FROM raw.sales)"
    assert project.rows(newest) == [("2",)]
