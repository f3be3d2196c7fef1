"""A small CRM on 127.0.0.1: contacts by id, taken in batches, deleted one by one; faults are configurable."""

import json

from tests import serving

KEY = "the-key-of-the-crm"


class FakeCrm(serving.Served):
    """`contacts` by id. `asked` are (method, path, rows); `faults` are answered before anything is done, or
    after it where they are `applied`."""

    path = "/v1"

    def __init__(self):
        self.contacts, self.received, self.faults, self.keys = {}, [], [], []
        self.most = 1000  # rows in a request
        super().__init__(Handler)

    def fault(self, status, applied=False, **headers):
        self.faults.append((status, applied, headers))

    def take(self, row):
        if not row.get("archived") and "@" not in str(row.get("email")):
            return {
                "id": row["id"],
                "status": "rejected",
                "message": f"{row.get('email')!r} is not an address",
            }
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
        result = next((key for key in self.contacts if str(key) == name), None)
        if result is None:
            return 404, {"error": "no such contact"}
        del self.contacts[result]
        return 204, None


class Handler(serving.Handler):
    def do_POST(self):
        rows = json.loads(self.body())["contacts"]
        self.answer(lambda: self.owner.upsert(rows), rows)

    def do_DELETE(self):
        self.answer(lambda: self.owner.delete(self.path.rsplit("/", 1)[1]), [])

    def answer(self, act, rows):
        crm = self.owner
        crm.received.append((self.command, self.path, [row["id"] for row in rows]))
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
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)
