"""Runs that are going on, each in a thread of its own; what becomes of them is in the store, and is told."""

import base64
import json
import threading
from datetime import datetime

from sandbox.resources import messages
from sandbox.resources.clock import now
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.transfers import query, runs

UNAVAILABLE = 14  # google.rpc.Code


class Runner:
    def __init__(self, service: Service) -> None:
        self.service = service

    def start(self, config: Json, run_time: datetime) -> Json:
        run = runs.new(config, run_time)
        self.keep(run)
        self.log(run, "INFO", f"Dispatched run to data source with id {run['name'].rsplit('/', 1)[-1]}")
        # A daemon: the sandbox may end before it; `bury` then says what became of it.
        threading.Thread(target=self.run, args=(config, run, run_time), daemon=True).start()
        return run

    def run(self, config: Json, run: Json, run_time: datetime) -> None:
        run = runs.started(run)
        self.keep(run)
        owner = config.get("ownerInfo", {}).get("email", "")
        try:
            error = query.error(self.service, run, run_time, owner)
        except Exception as failure:  # whoever waits must hear of it, whatever it is
            error = {"code": UNAVAILABLE, "message": f"The sandbox could not run it: {failure!r}"}
        self.end(run, error)

    def end(self, run: Json, error: Json | None) -> None:
        over = runs.finished(run, error)
        if error:
            self.log(over, "ERROR", error["message"])
        self.log(over, "INFO", f"Summary: {'failed' if error else 'succeeded'} 1 jobs.")
        with self.service.store.change():
            if self.keep(over):
                self.tell(over)

    def tell(self, run: Json) -> None:
        """Success and failure alike, as Google does; whoever listens looks at the state.

        https://cloud.google.com/bigquery/docs/transfer-run-notifications
        """
        topic = run.get("notificationPubsubTopic", "")
        pubsub = Service(self.service.state, self.service.store, "/pubsub/v1")
        if topic and self.service.store.get(pubsub.key(topic)):
            attributes = {"eventType": "TRANSFER_RUN_FINISHED", "payloadFormat": "JSON_API_V1"}
            data = base64.b64encode(json.dumps(run).encode()).decode()
            messages.publish_message(pubsub, topic, {"data": data, "attributes": attributes})

    def keep(self, run: Json) -> bool:
        """Unless its config is gone, and its runs with it."""
        name = runs.keyed(self.service, run["name"])
        config = self.service.key(name.split("/runs/")[0])
        with self.service.store.change():
            kept = self.service.store.get(config)
            if kept:
                self.service.store.put(config, kept | {"state": run["state"]})
                self.service.store.put(self.service.key(name), run)
            return bool(kept)

    def log(self, run: Json, severity: str, text: str) -> None:
        key = self.service.key(f"{runs.keyed(self.service, run['name'])}:log")
        message = {"messageTime": now(), "severity": severity, "messageText": text}
        with self.service.store.change():
            kept = self.service.store.get(key) or {"messages": []}
            self.service.store.put(key, {"messages": [*kept["messages"], message]})

    def bury(self) -> None:
        """The runs that were going on when the sandbox ended."""
        for run in self.service.store.matching(f"{self.service.prefix}/*/runs/*"):
            if run["state"] not in runs.OVER:
                self.end(run, {"code": UNAVAILABLE, "message": "The sandbox ended before the run did."})
