"""How many rows a contender wrote, and the sum of their ids: a time is only comparable if all rows are there."""

from collections.abc import Callable
from pathlib import Path

import duckdb


def text(folder: Path) -> tuple[int, int | None]:
    """Lines; a dump has its own escapes, so their ids are not read."""
    [path] = list(folder.glob("out.*"))
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")), None


def lines(folder: Path) -> tuple[int, int | None]:
    paths = [str(path) for path in folder.rglob("orders_*.json")]
    names = "coalesce(json ->> '$.id', json ->> '$._id')"
    return query(f"select count(*), sum(({names})::bigint) from read_ndjson_objects({paths})")


def parquet(folder: Path) -> tuple[int, int | None]:
    paths = [
        str(path)
        for path in folder.rglob("*.parquet")
        if "_dlt" not in path.parent.name and "/state/" not in str(path)
    ]
    names = {
        name
        for name, *_ in duckdb.sql(
            f"describe select * from read_parquet({paths}, union_by_name = true)"
        ).fetchall()
    }
    key = "id" if "id" in names else "_id"
    return query(f"select count(*), sum({key}::bigint) from read_parquet({paths}, union_by_name = true)")


def messages(folder: Path) -> tuple[int, int | None]:
    path = str(folder / "out.jsonl")
    return query(
        f"select count(*), sum((json ->> '$.record.id')::bigint) from read_ndjson_objects('{path}') "
        "where json ->> '$.type' = 'RECORD'"
    )


def query(sql: str) -> tuple[int, int | None]:
    [(rows, total)] = duckdb.sql(sql).fetchall()
    return int(rows), int(total or 0)


FORMS: dict[str, Callable[[Path], tuple[int, int | None]]] = {
    "text": text,
    "lines": lines,
    "parquet": parquet,
    "messages": messages,
}
