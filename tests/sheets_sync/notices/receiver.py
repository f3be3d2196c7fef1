"""A real receiver of webhooks on 127.0.0.1 that answers as it is told."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """`answers` are (status, headers) for the next requests, then 204; `got` is (headers, body) of each."""

    def __init__(self):
        self.answers, self.got, self.silent = [], [], threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/token-in-the-path"

    def __enter__(self):
        loop = {"poll_interval": 0.01}
        threading.Thread(target=self.server.serve_forever, kwargs=loop, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


def handler(receiver):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((dict(self.headers), body))
            status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
            if status is None:  # says nothing for as long as the test lasts
                receiver.silent.wait(30)
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    return Handler
