"""Our side of a kiosk: one process after another that lands its pages."""

import json

from connector import copying, sources
from connector.kit import Kit
from connector.landing import Landing
from connector.names import Run
from connector.report import Report
from connector.rest import reader
from connector.retries import Retries
from connector.settings import Settings
from connector.state import State

KEY = "the+key/of=it"
THINGS = {"path": "/things", "table": "products", "key": ["id"], "schedule": "daily"}


class Ours:
    """A process after another: what they have in common is the bucket and the state that the lease keeps."""

    def __init__(self, kiosk, bucket, declared, key=KEY):
        self.kiosk, self.bucket = kiosk, bucket
        self.source = sources.parse(declared, "things.yaml")
        self.key = key
        run = Run.new("things", 1_795_246_443_000, "0a1b2c3d")
        self.state = State(id=run.id, endpoint="things", began=run.began)

    def check(self): ...

    def save(self, state):
        self.state = state

    def land(self):
        """A new process lands what the dead one did not; the state that it ends with."""
        settings = Settings("", "", "", {"URL": self.kiosk.url, "API_KEY": self.key})
        retries = Retries(tries=2, sleep=lambda seconds: None)
        pages = reader.assemble(self.source, "things", settings, lambda: retries)
        with pages.api.http:
            kit = Kit(
                name="things",
                endpoint=self.source.endpoint("things"),
                reader=pages,
                landing=Landing(self.bucket, "things"),
                leases=self.bucket,
                warehouse=None,
                report=Report(Silence()),
            )
            return copying.land(kit, self, self.state)

    def ids(self):
        contents = [self.bucket.objects[name][1] for name in self.bucket.names("things/in/")]
        return sorted(json.loads(line)["id"] for content in contents for line in content.splitlines())


class Silence:
    def write(self, text): ...
    def flush(self): ...
