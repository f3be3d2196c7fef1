"""A small CRM on 127.0.0.1: contacts by id, taken in batches, deleted one by one; it misbehaves when told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "the-key-of-the-crm"


class Crm:
    """`contacts` by id. `asked` are (method, path, rows); `faults` are answered before anything is done, or
    after it where they are `applied`."""

    def __init__(self):
        self.contacts, self.asked, self.faults, self.keys = {}, [], [], []
        self.most = 1000  # rows in a request
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self):
        loop = {"poll_interval": 0.01}
        threading.Thread(target=self.server.serve_forever, kwargs=loop, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()

    def fault(self, status, applied=False, **headers):
        self.faults.append((status, applied, headers))

    def take(self, row):
        if not row.get("archived") and "@" not in str(row.get("email")):
            return {"id": row["id"], "status": "rejected", "message": f"{row.get('email')!r} is no address"}
        done = "updated" if row["id"] in self.contacts else "created"
        self.contacts[row["id"]] = row
        if row.get("archived"):
            del self.contacts[row["id"]]
        return {"id": row["id"], "status": done}

    def upsert(self, rows):
        if len(rows) > self.most:
            return 413, {"error": f"at most {self.most} contacts"}
        if any(row.get("name") == "<poison>" for row in rows):
            return 422, {"error": "contacts[?].name is not allowed"}
        return 200, {"results": [self.take(row) for row in reversed(rows)]}

    def delete(self, name):
        found = next((key for key in self.contacts if str(key) == name), None)
        if found is None:
            return 404, {"error": "no such contact"}
        del self.contacts[found]
        return 204, None


def handler(crm):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self):
            rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["contacts"]
            self.answer(lambda: crm.upsert(rows), rows)

        def do_DELETE(self):
            self.answer(lambda: crm.delete(self.path.rsplit("/", 1)[1]), [])

        def answer(self, act, rows):
            crm.asked.append((self.command, self.path, [row["id"] for row in rows]))
            crm.keys.append(self.headers["Idempotency-Key"])
            if self.headers["Authorization"] != f"Bearer {KEY}":
                return self.say(401, {"error": f"who is {self.headers['Authorization']}?"}, {})
            status, applied, headers = crm.faults.pop(0) if crm.faults else (None, True, {})
            done = act() if applied else (status, {})
            if status == "reset":
                self.close_connection = True
                self.connection.close()
                return None
            return self.say(status or done[0], done[1] if not status else {"error": "busy"}, headers)

        def say(self, status, body, headers):
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    return Handler
