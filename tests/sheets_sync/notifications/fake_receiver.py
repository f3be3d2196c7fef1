"""A real receiver of webhooks on 127.0.0.1 that answers as it is told."""

import threading

from tests import serving


class FakeReceiver(serving.Served):
    """`answers` are (status, headers) or (status, headers, body) for the next requests, then 204; `got` is (headers, body) of each."""

    path = "/hooks/token-in-the-path"

    def __init__(self):
        self.answers, self.got, self.silent = [], [], threading.Event()
        super().__init__(Handler)


class Handler(serving.Handler):
    def do_POST(self):
        receiver = self.owner
        receiver.got.append((dict(self.headers), self.body()))
        status, headers, *body = receiver.answers.pop(0) if receiver.answers else (204, {})
        if status is None:  # says nothing for as long as the test lasts
            receiver.silent.wait(30)
            self.close_connection = True
            return
        self.reply(status, headers, body[0] if body else b"")
