"""A server on a real port that sends scripted responses in order, and records the requests."""

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from tests import serving


@dataclass
class Answer:
    """`status` 0: the connection is closed without a response."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def json_body(content: object) -> bytes:
    return json.dumps(content).encode()


def error_body(reason: str) -> bytes:
    """The body of an error response of a Google API."""
    errors = [{"reason": reason, "message": reason}]
    return json_body({"error": {"message": reason, "errors": errors}})


class ScriptedServer(serving.Served):
    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        super().__init__(Handler)


class Handler(serving.Handler):
    def answer(self) -> None:
        request = Request(self.command, self.path, dict(self.headers), self.body())
        self.owner.requests.append(request)
        answer = self.owner.answers.pop(0)
        if answer.status:
            self.reply(answer.status, answer.headers, answer.body)
        else:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = answer
