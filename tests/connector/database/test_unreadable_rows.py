"""One row that the server cannot write, in a view or because of its size: a reject, and all others are copied."""

import json

import pytest

from connector.errors import ValueUnreadable
from connector.sources.database import part_reader
from connector.sources.window import IdRange
from tests.connector.database.servers import read_ids, read_with_reject

# Row 7 of 20 fails. It is in the sample that measures rows, too.
EXPRESSIONS = {
    "postgres": [
        "case when id = 7 then repeat('x', 1073741820 + id::int) end",  # above 1 GB
        "(select n::text from generate_series(1, case when id = 7 then 2 else 1 end) n)",
        "shop.fail(id)",
        "case when id = 7 then '[1' else '[]' end::json::text",
        "(id - 7)::shop.count::text",
    ],
    "mysql": [
        "cast(cast(if(id = 7, 1, 99) as unsigned) - id as char)",
        "(select seq from seq_1_to_2 where seq <= if(id = 7, 2, 1))",
        "shop.fail(id)",
    ],
}
FUNCTIONS = {
    "postgres": [
        "create domain shop.count as int check (value <> 0)",
        "create function shop.fail(id bigint) returns text language plpgsql stable as "
        "$$ begin if id = 7 then raise exception 'no seven'; end if; return 'x'; end $$",
    ],
    "mysql": [
        "create function shop.fail(id bigint) returns text deterministic begin "
        "if id = 7 then signal sqlstate '45000' set message_text = 'no seven'; end if; return 'x'; end",
        "grant execute on shop.* to connector@'127.0.0.1'",
    ],
}


def create_view(server, expression):
    server.create_orders(20)
    server.execute(
        *FUNCTIONS[server.kind],
        f"create view shop.checked as select id, {expression} as name, updated_at from shop.orders",
    )


@pytest.mark.parametrize("number", range(5))
def test_a_row_that_fails_in_a_view_is_a_reject(server, create, number):
    expressions = EXPRESSIONS[server.kind]
    create_view(server, expressions[number % len(expressions)])
    parts, reject = read_with_reject(create(relation="shop.checked", limits={"page_rows": 15}))
    assert sum(part.rows for part in parts) == 19
    assert json.loads(reject.line) == {"id": "7"}
    assert "cannot write a value of shop.checked: " in reject.reason


def test_a_query_that_fails_for_every_row_is_not_repeated_for_each(server, create, monkeypatch):
    monkeypatch.setattr(part_reader, "MAX_UNREADABLE", 6)
    create_view(server, "shop.fail(id * 0 + 7)")
    reader = create(relation="shop.checked")
    plan = reader.make_plan(IdRange())
    with pytest.raises(ValueUnreadable, match="no seven"):
        reader.read_part(plan.parts[-1], "f")
    server.execute("drop view shop.checked", "create view shop.checked as select * from shop.orders")
    assert sorted(read_ids(reader, plan)) == list(range(1, 21))
