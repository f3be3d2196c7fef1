"""A server on a real port that answers what a test wrote down, in that order, and keeps what it was asked."""

import json
from dataclasses import dataclass, field

from tests import serving


@dataclass
class Answer:
    """`status` 0: the connection is closed without a word."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


def refusing(reason):
    """The body in which Google's APIs refuse a request."""
    errors = [{"reason": reason, "message": reason}]
    return json.dumps({"error": {"message": reason, "errors": errors}}).encode()


class ScriptedServer(serving.Served):
    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []
        super().__init__(Handler)


class Handler(serving.Handler):
    def answer(self):
        self.owner.asked.append((self.command, self.path, dict(self.headers), self.body()))
        answer = self.owner.answers.pop(0)
        if answer.status:
            self.reply(answer.status, answer.headers, answer.body)
        else:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = answer
