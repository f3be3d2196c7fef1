"""The rows of a query of one column, without the steps of Python that PyMySQL takes for each of them.

PyMySQL makes several objects per row. The server sends many rows at once, so nearly all of them are in the buffer of
the connection already; here they are taken from it in one loop, which takes a fifth of the time. The end of the rows,
errors, NULL, timeouts and rows that are not complete yet are left to PyMySQL.
"""

import struct
from collections.abc import Iterator
from typing import Any

from pymysql.constants import CR
from pymysql.err import OperationalError

BUFFER_BYTES = 256 << 10  # PyMySQL's own has 8 KB
# The size of the content in three bytes, and the number of the packet:
# https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
HEADER = struct.Struct("<I")
HEADER_BYTES, MAX_CONTENT = 4, 0xFFFFFF
# The bytes before a text, by the first of them. Others begin NULL, the end, an error, or a very long text:
# https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html
PREFIXES = dict.fromkeys(range(0xFB), 1) | {0xFC: 3, 0xFD: 4}


def enlarge_buffer(connection: Any) -> None:
    """Before the first query, so the present buffer is empty."""
    connection._rfile = connection._sock.makefile("rb", BUFFER_BYTES)


def iter_values(connection: Any, cursor: Any, null: Exception) -> Iterator[list[bytes]]:
    """The values of the only column of an unbuffered cursor, many at a time. `null` is raised instead of NULL,
    pymysql.MySQLError for other errors."""
    while (row := cursor.fetchone()) is not None:
        if row[0] is None:
            raise null
        yield [row[0], *take_buffered(connection)]


def take_buffered(connection: Any) -> list[bytes]:
    """The texts of the rows that are in the buffer of the connection as a whole, up to the first that is not one."""
    try:
        data = connection._rfile.peek()
    except OSError as error:
        raise OperationalError(CR.CR_SERVER_LOST, f"Lost connection during query ({error})") from error
    values, size, connection._next_seq_id = split_rows(data, connection._next_seq_id)
    connection._rfile.read(size)
    return values


def split_rows(data: bytes, number: int) -> tuple[list[bytes], int, int]:
    """The texts, the bytes that they had, and the number of the next packet."""
    values: list[bytes] = []
    position, end, unpack = 0, len(data) - HEADER_BYTES, HEADER.unpack_from
    while position < end:
        [header] = unpack(data, position)
        size = header & MAX_CONTENT
        start, stop = position + HEADER_BYTES, position + HEADER_BYTES + size
        prefix = PREFIXES.get(data[start])
        # A row of the largest size continues in the next packet.
        if not prefix or header >> 24 != number or stop > len(data) or not 0 < size < MAX_CONTENT:
            break
        values.append(data[start + prefix : stop])
        position, number = stop, (number + 1) % 256
    return values, position, number
