"""A secret in the sandbox with a key of the retail API, and the subscription that reports when it is due."""

import io
import json
import uuid
from datetime import UTC, datetime, timedelta

import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.pubsub_v1 import PublisherClient, SubscriberClient

from connector.key_rotation import job
from connector.key_rotation.assembly import create_targets
from connector.key_rotation.job import RotationContext
from connector.key_rotation.pubsub import Subscription
from connector.key_rotation.settings import RotationSettings
from connector.sources import registry
from connector.sources.rest.config import RestSource
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog

PROJECT = "sandbox-local"
AGENT = "serviceAccount:service-100000000001@gcp-sa-secretmanager.iam.gserviceaccount.com"
YEAR = timedelta(days=365)


class FakeSecret:
    """`first` is the key in version 1. Each run has its own clients, as a process has."""

    def __init__(self, state):
        self.state = state
        self.id = f"key-{uuid.uuid4().hex[:8]}"
        self.name = f"projects/{PROJECT}/secrets/{self.id}"
        self.subscription = f"projects/{PROJECT}/subscriptions/{self.id}"
        retail = registry.read_source("retail")
        assert isinstance(retail, RestSource)
        self.source = retail
        self.output, self.sessions = io.StringIO(), []
        self.secrets, self.messages, self.shop = self.clients()
        self.publisher = self.client(PublisherClient, "pubsub")
        self.master = (state.root / "retail-api-key").read_text()
        self.provision()

    def client(self, kind, api, adapter=None):
        client = kind(
            credentials=AnonymousCredentials(),
            transport="rest",
            client_options={"api_endpoint": f"{self.state.address}/{api}"},
        )
        self.sessions.append(client.transport._session)
        if adapter:
            client.transport._session.mount("http://", adapter)
        return client

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

    def call_sandbox(self, method, path, body=None):
        response = requests.request(method, f"{self.state.address}/{path}", json=body, timeout=10)
        assert response.ok, response.text
        return response.json()

    def provision(self):
        topic = f"projects/{PROJECT}/topics/{self.id}"
        self.publisher.create_topic(name=topic)
        policy = {"bindings": [{"role": "roles/pubsub.publisher", "members": [AGENT]}]}
        self.call_sandbox("POST", f"pubsub/v1/{topic}:setIamPolicy", {"policy": policy})
        self.messages.create_subscription(name=self.subscription, topic=topic, ack_deadline_seconds=600)
        body = {
            "replication": {"automatic": {}},
            "topics": [{"name": topic}],
            "rotation": {"nextRotationTime": "2126-01-01T00:00:00Z", "rotationPeriod": "7776000s"},
        }
        self.call_sandbox("POST", f"secretmanager/v1/projects/{PROJECT}/secrets?secretId={self.id}", body)
        self.topic = topic
        self.first = self.request("POST", "keys", self.master, {"name": "by hand"}).json()["key"]
        self.add_version(self.first)
        self.drain()

    # Actions of people and of Google

    def add_version(self, value):
        payload = {"data": value.encode()}
        return self.secrets.add_secret_version(parent=self.name, payload=payload)

    def make_due(self):
        self.call_sandbox("POST", f"sandbox/secretmanager/rotate/{self.id}")

    def publish(self, **attributes):
        self.publisher.publish(topic=self.topic, messages=[{"data": b"{}", "attributes": attributes}])

    def drain(self):
        """Acknowledge all waiting messages; their attributes."""
        received = self.messages.pull(subscription=self.subscription, max_messages=100).received_messages
        ack_ids = [message.ack_id for message in received]
        if ack_ids:
            self.messages.acknowledge(subscription=self.subscription, ack_ids=ack_ids)
        return [dict(received_message.message.attributes) for received_message in received]

    def request(self, method, path, key, body=None):
        url = f"{self.state.address}/retail/v1/{path}"
        return requests.request(method, url, headers={"X-API-Key": key}, json=body, timeout=10)

    def set_faults(self, **faults):
        self.call_sandbox("PUT", "sandbox/retail/faults", faults)

    # The job

    def create_context(self, adapter=None, later=timedelta(), grace=timedelta(days=1)):
        secrets, messages, http = self.clients(adapter)
        sources = {"retail": self.source.__replace__(secret=self.id)}
        url = f"{self.state.address}/retail/v1"
        settings = RotationSettings(PROJECT, self.subscription, {"retail": url}, "", "")
        retry = RetryPolicy(sleep=lambda seconds: None)
        return RotationContext(
            Subscription(messages, self.subscription),
            create_targets(sources, settings, secrets, http, retry),
            StructuredLog(self.output),
            grace,
            now=lambda: datetime.now(UTC) + later,
        )

    def run(self, **options):
        job.rotate_due(self.create_context(**options))

    def retire(self):
        self.run(later=YEAR)

    # The state afterwards

    def states(self):
        """{number: state} of all versions."""
        versions = self.secrets.list_secret_versions(parent=self.name)
        return {int(version.name.rpartition("/")[2]): version.state.name for version in versions}

    def latest(self):
        """The key that a job reads that starts now; an error if the newest version is not enabled."""
        return self.secrets.access_secret_version(name=f"{self.name}/versions/latest").payload.data.decode()

    def is_accepted(self, key):
        return self.request("GET", "sales", key).status_code == 200

    def issued(self):
        """Keys at the API that were issued for this secret and are not revoked."""
        items = self.request("GET", "keys", self.master).json()["items"]
        return [item for item in items if item["name"] == self.name]

    def lines(self):
        return [json.loads(line) for line in self.output.getvalue().splitlines()]
