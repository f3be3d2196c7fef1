"""Runs of transfers, each in a thread; their state is in the store, and a topic is notified of their end."""

import base64
import json
import threading
from datetime import datetime

from sandbox.background import store_end
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
        run = runs.create_run(config, run_time)
        self.store_run(run)
        self.log(run, "INFO", f"Dispatched run to data source with id {run['name'].rsplit('/', 1)[-1]}")
        # A daemon thread does not delay the end of the sandbox; see `fail_interrupted`.
        threading.Thread(target=self.run, args=(config, run, run_time), daemon=True).start()
        return run

    def run(self, config: Json, run: Json, run_time: datetime) -> None:
        run = runs.mark_started(run)
        owner = config.get("ownerInfo", {}).get("email", "")
        try:
            self.store_run(run)
            error = query.run_query(self.service, run, run_time, owner)
        except Exception as failure:  # without a result a client would poll the run forever
            error = {"code": UNAVAILABLE, "message": f"The sandbox could not run the query: {failure!r}"}
        store_end(lambda: self.finish(run, error))

    def finish(self, run: Json, error: Json | None) -> None:
        finished = runs.mark_finished(run, error)
        # One transaction, which is repeated as a whole.
        with self.service.store.change():
            if error:
                self.log(finished, "ERROR", error["message"])
            self.log(finished, "INFO", f"Summary: {'failed' if error else 'succeeded'} 1 jobs.")
            if self.store_run(finished):
                self.notify(finished)

    def notify(self, run: Json) -> None:
        """Google publishes success and failure alike; subscribers filter by the state.

        https://cloud.google.com/bigquery/docs/transfer-run-notifications
        """
        topic = run.get("notificationPubsubTopic", "")
        pubsub = Service(self.service.state, self.service.store, "/pubsub/v1")
        if topic and self.service.store.get(pubsub.key(topic)):
            attributes = {"eventType": "TRANSFER_RUN_FINISHED", "payloadFormat": "JSON_API_V1"}
            data = base64.b64encode(json.dumps(run).encode()).decode()
            messages.publish_message(pubsub, topic, {"data": data, "attributes": attributes})

    def store_run(self, run: Json) -> bool:
        """False, and nothing stored, when the config was deleted in the meantime, and its runs with it."""
        name = runs.stored_name(self.service, run["name"])
        key = self.service.key(name.split("/runs/")[0])
        with self.service.store.change():
            config = self.service.store.get(key)
            if config:
                self.service.store.put(key, config | {"state": run["state"]})
                self.service.store.put(self.service.key(name), run)
            return bool(config)

    def log(self, run: Json, severity: str, text: str) -> None:
        key = self.service.key(f"{runs.stored_name(self.service, run['name'])}:log")
        message = {"messageTime": now(), "severity": severity, "messageText": text}
        with self.service.store.change():
            log = self.service.store.get(key) or {"messages": []}
            self.service.store.put(key, {"messages": [*log["messages"], message]})

    def fail_interrupted(self) -> None:
        """Marks the runs that a stopped sandbox left unfinished as failed."""
        for run in self.service.store.matching(f"{self.service.prefix}/*/runs/*"):
            if run["state"] not in runs.FINAL:
                self.finish(run, {"code": UNAVAILABLE, "message": "The sandbox ended before the run did."})
