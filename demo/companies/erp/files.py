"""The files of the enterprise: budgets as CSV in UTF-16, bookings as Parquet, cost centres as a JSON array."""

import io
import json
from itertools import groupby

import pyarrow as pa
import pyarrow.parquet as pq

from demo.companies.erp.data import Booking, ErpData

FOLDER = "uploads/"
BUDGETS_HEAD = "Cost centre;Year;Budget"
SCHEMA = pa.schema(
    [
        ("booking", pa.int64()),
        ("cost_centre", pa.string()),
        ("amount", pa.decimal128(12, 2)),
        ("booked_at", pa.timestamp("us", "UTC")),
        ("tags", pa.list_(pa.string())),
    ]
)


def render_uploads(data: ErpData) -> dict[str, bytes]:
    """By key in the bucket: a file of budgets a year, a file of bookings a quarter."""
    files = {
        f"budgets/{year}.csv": render_budgets(data, year) for year in sorted({y for _, y in data.budgets})
    }
    # groupby combines only neighbours, so the bookings are sorted by time first.
    bookings = sorted(data.bookings.values(), key=lambda booking: booking.at)
    for quarter, rows in groupby(
        bookings, key=lambda booking: (booking.at.year, (booking.at.month + 2) // 3)
    ):
        files["bookings/{}-q{}.parquet".format(*quarter)] = render_bookings(list(rows))
    return files


def render_budgets(data: ErpData, year: int) -> bytes:
    lines = [f"{centre};{each};{amount}" for (centre, each), amount in data.budgets.items() if each == year]
    # The codec utf-16, unlike utf-16-le, begins the file with a byte order mark.
    return "\r\n".join([BUDGETS_HEAD, *lines, *data.broken.get(year, []), ""]).encode("utf-16")


def render_bookings(bookings: list[Booking]) -> bytes:
    rows = [(each.number, each.cost_centre, each.amount, each.at, list(each.tags)) for each in bookings]
    columns = zip(zip(*rows, strict=True), SCHEMA.types, strict=True)
    file = io.BytesIO()
    arrays = [pa.array(column, kind) for column, kind in columns]
    pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), file)
    return file.getvalue()


def render_centres(data: ErpData) -> bytes:
    return json.dumps(list(data.centres.values()), ensure_ascii=False, separators=(",", ":")).encode()
