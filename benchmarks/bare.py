"""What the page loop cannot be faster than: sixteen connections that read the pages and throw them away.

python -m benchmarks.bare PORT PAGES"""

import asyncio
import sys
from collections.abc import Iterator

IN_FLIGHT = 16


async def main(port: int, pages: int) -> None:
    numbers = iter(range(1, pages + 1))
    await asyncio.gather(*(reader(port, numbers) for _ in range(IN_FLIGHT)))


async def reader(port: int, numbers: Iterator[int]) -> None:
    source, sink = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    for number in numbers:
        sink.write(f"GET /sales?page={number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = await source.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        await source.readexactly(length)
    sink.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
