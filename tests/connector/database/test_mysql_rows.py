"""Rows that are taken from the buffer of the connection are those of the packets, wherever the buffer ends."""

import struct

import pytest

from connector.sources.mysql.rows import split_rows
from connector.sources.window import IdRange
from tests.connector.database.servers import read

KINDS = ["mysql"]
TEXTS = [b'{"a":"1"}', b"x" * 250, b"y" * 251, b"", b"z" * 65535, b"w" * 65536]
OTHERS = {
    "NULL": b"\xfb",
    "the end": b"\xfe\0\0\0\0",
    "an error": b"\xff\x69\x04#70100stopped",
    "a text of 16 MB": b"\xfe" + struct.pack("<Q", 1 << 24),
}


def length(size):
    """https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html"""
    if size < 251:
        return bytes([size])
    return b"\xfc" + struct.pack("<H", size) if size < 1 << 16 else b"\xfd" + struct.pack("<I", size)[:3]


def packet(content, number):
    return struct.pack("<I", len(content) | number % 256 << 24) + content


def packets(texts, first):
    return [packet(length(len(text)) + text, first + number) for number, text in enumerate(texts)]


@pytest.mark.parametrize("first", [3, 253])  # the number of a packet has one byte
def test_all_rows_up_to_one_that_is_not_complete(first):
    parts = packets(TEXTS, first)
    content = b"".join(parts)
    ends = [sum(map(len, parts[:rows])) for rows in range(len(parts) + 1)]
    for size in [*range(600), *(end + shift for end in ends[1:] for shift in (-1, 0, 1))]:
        rows = sum(end <= size for end in ends[1:])
        assert split_rows(content[:size], first) == (TEXTS[:rows], ends[rows], (first + rows) % 256)


@pytest.mark.parametrize("other", OTHERS.values(), ids=list(OTHERS))
def test_other_packets_are_left_to_the_driver(other):
    [row] = packets(TEXTS[:1], 1)
    assert split_rows(row + packet(other, 2) + packet(other, 3), 1) == (TEXTS[:1], len(row), 2)


def test_a_packet_with_another_number_is_left_to_the_driver():
    """MariaDB sends number 0 when it shuts down."""
    [row, lost] = packets(TEXTS[:1], 1) + packets(TEXTS[:1], 0)
    assert split_rows(row + lost, 1) == (TEXTS[:1], len(row), 2)


def test_rows_of_any_length_arrive(server, create):
    """Shorter and longer than the buffer; none is lost where the buffer ends."""
    server.create_orders(600, columns=", big longtext")
    server.execute("update shop.orders set big = repeat(char(97 + id % 26), id * id % 5003)")
    server.execute("update shop.orders set big = repeat('é', 400000) where id in (5, 300)")
    reader = create(columns=["id", "name", "updated_at", "big", "SYS_FILE_NAME"])
    rows = {int(row["id"]): row["big"] for row in read(reader, reader.make_plan(IdRange()))}
    expected = {n: chr(97 + n % 26) * (n * n % 5003) for n in range(1, 601)}
    assert rows == expected | dict.fromkeys((5, 300), "é" * 400000)
