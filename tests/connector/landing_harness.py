"""Lands the pages of a FakePagedApi, by one process after another."""

import io
import json

from connector.landing.files import Landing
from connector.landing.names import Run
from connector.load.warehouse import Warehouse
from connector.run.context import RunContext
from connector.run.extract import extract
from connector.run.state import RunState
from connector.settings import Settings
from connector.sources import registry
from connector.sources.rest import reader
from connector.sources.rest.config import RestSource
from runtime.lease import Lease
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog

KEY = "the+key/of=it"
THINGS = {"path": "/things", "table": "products", "key": ["id"], "schedule": "daily"}


class LandingHarness:
    """The processes share the bucket and the state that the lease stores."""

    def __init__(self, api, store, declared, key=KEY, name="things"):
        self.api, self.store, self.name = api, store, name
        self.source = registry.parse_source(declared, "things.yaml")
        self.key = key
        run = Run.create(name, 1_795_246_443_000, "0a1b2c3d")
        self.state = RunState(id=run.id, endpoint=name, began=run.began)

    def land(self):
        """A new process lands the pages that earlier ones did not; returns the final state."""
        assert isinstance(self.source, RestSource)
        settings = Settings("", "", "", {"URL": self.api.url, "API_KEY": self.key})
        retries = RetryPolicy(attempts=2, sleep=lambda seconds: None)
        pages = reader.create_reader(self.source, self.name, settings, lambda: retries)
        with pages.client.session:
            return extract(self.context(pages), KeptLease(self), self.state)

    def context(self, pages):
        return RunContext(
            name=self.name,
            endpoint=self.source.endpoint(self.name),
            reader=pages,
            landing=Landing(self.store, self.name),
            store=self.store,
            warehouse=NoWarehouse(),
            log=StructuredLog(io.StringIO()),
        )

    def rows(self):
        contents = [self.store.objects[name][1] for name in self.store.names(f"{self.name}/in/")]
        return [json.loads(line) for content in contents for line in content.splitlines()]

    def ids(self):
        return sorted(row["id"] for row in self.rows())


class KeptLease(Lease[RunState]):
    """Always held; saves the state in `process.state`."""

    def __init__(self, process):
        self.process = process

    def check(self): ...

    def save(self, state, holder=""):
        self.process.state = state


class NoWarehouse(Warehouse):
    """For runs that only extract: any use of it is an AttributeError."""

    def __init__(self): ...
