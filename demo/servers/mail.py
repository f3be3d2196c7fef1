"""A mail server on a free port of 127.0.0.1: it accepts every message and writes each into a file of a folder."""

from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """Messages are `1.eml`, `2.eml`, … in the order of their arrival."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        number = len(list(self.folder.glob("*.eml"))) + 1
        (self.folder / f"{number}.eml").write_bytes(envelope.content)
        return "250 OK"

    def messages(self) -> list[Message]:
        paths = sorted(self.folder.glob("*.eml"), key=lambda path: int(path.stem))
        return [message_from_bytes(path.read_bytes()) for path in paths]


class AnyPort(Controller):
    """Learns the port that the system chose, to which aiosmtpd then connects for a test."""

    def _trigger_server(self) -> None:
        if isinstance(self.server, Server):
            self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def running_mailbox(folder: Path) -> Iterator[Mailbox]:
    mailbox = Mailbox(folder)
    controller = AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    mailbox.port = controller.port
    try:
        yield mailbox
    finally:
        controller.stop()
