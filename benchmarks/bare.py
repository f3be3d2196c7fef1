"""Lower bound of a page loop: sixteen connections read the pages and discard them, or upload each unchanged.

python -m benchmarks.bare URL PAGES [STORAGE BUCKET]
"""

import asyncio
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

IN_FLIGHT = 16


class Connection:
    """A connection with just the part of HTTP that the local servers use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> "Connection":
        place = urlsplit(url)
        return cls(*await asyncio.open_connection(place.hostname, place.port, limit=2**20))

    async def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        response = await self.reader.readuntil(b"\r\n\r\n")
        length = int(response.lower().partition(b"content-length:")[2].split()[0])
        content = await self.reader.readexactly(length)
        # A refused page is requested again at once: with any pause this would not be a lower bound.
        return content if response.startswith(b"HTTP/1.1 200") else await self.request(method, path, body)


async def main(url: str, pages: int, storage: str = "", bucket: str = "") -> None:
    numbers = iter(range(1, pages + 1))
    workers = IN_FLIGHT * (2 if storage else 1)  # as the connector: while a worker writes, another reads
    slots = asyncio.Semaphore(IN_FLIGHT)
    await asyncio.gather(*(worker(url, numbers, slots, storage, bucket) for _ in range(workers)))


async def worker(
    url: str, numbers: Iterator[int], slots: asyncio.Semaphore, storage: str, bucket: str
) -> None:
    source = await Connection.open(url)
    target = await Connection.open(storage) if storage else None
    # One iterator for all workers, without a lock: they are in one thread, and next() does not await.
    for number in numbers:
        async with slots:
            content = await source.request("GET", f"/sales?page={number}")
        if target:
            path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=sales/in/{number}.json"
            await target.request("POST", path, content)


if __name__ == "__main__":
    address, many, *place = sys.argv[1:]
    asyncio.run(main(address, int(many), *place))
