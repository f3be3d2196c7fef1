"""A real receiver of webhooks on 127.0.0.1 with configurable responses."""

import threading

from tests import serving


class FakeReceiver(serving.Served):
    """answers: (status, headers) or (status, headers, body) of the next responses, then 204. got: (headers, body)
    of each request."""

    path = "/hooks/token-in-the-path"

    def __init__(self):
        self.answers, self.got, self.silent = [], [], threading.Event()
        super().__init__(Handler)


class Handler(serving.Handler):
    def do_POST(self):
        receiver = self.owner
        receiver.got.append((dict(self.headers), self.body()))
        status, headers, *body = receiver.answers.pop(0) if receiver.answers else (204, {})
        if status is None:  # no response while the test runs
            receiver.silent.wait(30)
            self.close_connection = True
            return
        self.reply(status, headers, body[0] if body else b"")
