"""A secret of a test's own, with a key of the retail API in it, and who is told when it is due."""

import io
import json
import uuid
from datetime import UTC, datetime, timedelta

import requests
from connector.report import Report
from connector.retries import Retries
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.pubsub_v1 import PublisherClient, SubscriberClient

from connector.key_rotation import job as rounds
from connector.key_rotation.assembly import rotating
from connector.key_rotation.job import RunContext
from connector.key_rotation.pubsub import Subscription
from connector.key_rotation.settings import Settings
from connector.sources import registry as sources

PROJECT = "sandbox-local"
AGENT = "serviceAccount:service-100000000001@gcp-sa-secretmanager.iam.gserviceaccount.com"
YEAR = timedelta(days=365)


class Vault:
    """`first` is the key that version 1 holds. Each run gets clients of its own, as a process would."""

    def __init__(self, state):
        self.state = state
        self.id = f"key-{uuid.uuid4().hex[:8]}"
        self.name = f"projects/{PROJECT}/secrets/{self.id}"
        self.subscription = f"projects/{PROJECT}/subscriptions/{self.id}"
        self.source = sources.read("retail")
        self.said, self.sessions = io.StringIO(), []
        self.secrets, self.messages, self.shop = self.clients()
        self.publisher = self.client(PublisherClient, "pubsub")
        self.master = (state.root / "retail-api-key").read_text()
        self.provision()

    def client(self, kind, api, adapter=None):
        made = kind(
            credentials=AnonymousCredentials(),
            transport="rest",
            client_options={"api_endpoint": f"{self.state.address}/{api}"},
        )
        self.sessions.append(made.transport._session)
        if adapter:
            made.transport._session.mount("http://", adapter)
        return made

    def clients(self, adapter=None):
        http = requests.Session()
        self.sessions.append(http)
        if adapter:
            http.mount("http://", adapter)
        return (
            self.client(SecretManagerServiceClient, "secretmanager", adapter),
            self.client(SubscriberClient, "pubsub", adapter),
            http,
        )

    def close(self):
        for session in self.sessions:
            session.close()

    def call(self, method, path, body=None):
        answer = requests.request(method, f"{self.state.address}/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def provision(self):
        topic = f"projects/{PROJECT}/topics/{self.id}"
        self.publisher.create_topic(name=topic)
        policy = {"bindings": [{"role": "roles/pubsub.publisher", "members": [AGENT]}]}
        self.call("POST", f"pubsub/v1/{topic}:setIamPolicy", {"policy": policy})
        self.messages.create_subscription(name=self.subscription, topic=topic, ack_deadline_seconds=600)
        body = {
            "replication": {"automatic": {}},
            "topics": [{"name": topic}],
            "rotation": {"nextRotationTime": "2126-01-01T00:00:00Z", "rotationPeriod": "7776000s"},
        }
        self.call("POST", f"secretmanager/v1/projects/{PROJECT}/secrets?secretId={self.id}", body)
        self.topic = topic
        self.first = self.ask("POST", "keys", self.master, {"name": "by hand"}).json()["key"]
        self.add(self.first)
        self.drain()

    # What people and Google do

    def add(self, value):
        payload = {"data": value.encode()}
        return self.secrets.add_secret_version(parent=self.name, payload=payload)

    def due(self):
        self.call("POST", f"sandbox/secretmanager/rotate/{self.id}")

    def publish(self, **attributes):
        self.publisher.publish(topic=self.topic, messages=[{"data": b"{}", "attributes": attributes}])

    def drain(self):
        """All messages that wait, gone: their attributes."""
        received = self.messages.pull(subscription=self.subscription, max_messages=100).received_messages
        receipts = [one.ack_id for one in received]
        if receipts:
            self.messages.acknowledge(subscription=self.subscription, ack_ids=receipts)
        return [dict(one.message.attributes) for one in received]

    def ask(self, method, path, key, body=None):
        url = f"{self.state.address}/retail/v1/{path}"
        return requests.request(method, url, headers={"X-API-Key": key}, json=body, timeout=10)

    def faults(self, **faults):
        self.call("PUT", "sandbox/retail/faults", faults)

    # The job

    def kit(self, adapter=None, later=timedelta(), grace=timedelta(days=1)):
        secrets, messages, http = self.clients(adapter)
        declared = {"retail": self.declared()}
        url = f"{self.state.address}/retail/v1"
        settings = Settings(PROJECT, self.subscription, {"retail": url}, "", "")
        retries = Retries(sleep=lambda seconds: None)
        return RunContext(
            Subscription(messages, self.subscription),
            rotating(declared, settings, secrets, http, retries),
            Report(self.said),
            grace,
            now=lambda: datetime.now(UTC) + later,
        )

    def declared(self):
        return self.source.__replace__(secret=self.id)

    def run(self, **others):
        rounds.due(self.kit(**others))

    def retire(self):
        self.run(later=YEAR)

    # What is there afterwards

    def states(self):
        """{number: state} of all versions."""
        found = self.secrets.list_secret_versions(parent=self.name)
        return {int(one.name.rpartition("/")[2]): one.state.name for one in found}

    def latest(self):
        """What a job is given that starts now: an error where that version is not enabled."""
        return self.secrets.access_secret_version(name=f"{self.name}/versions/latest").payload.data.decode()

    def opens(self, key):
        return self.ask("GET", "sales", key).status_code == 200

    def issued(self):
        """Keys of ours at the API that are still good."""
        items = self.ask("GET", "keys", self.master).json()["items"]
        return [item for item in items if item["name"] == self.name]

    def lines(self):
        return [json.loads(line) for line in self.said.getvalue().splitlines()]
