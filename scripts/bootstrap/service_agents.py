"""Google's service agents: service accounts of an API. Some exist only after they were requested.

https://cloud.google.com/service-usage/docs/reference/rest/v1beta1/services/generateServiceIdentity
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError

from scripts.bootstrap import BootstrapError

# Terraform grants roles to these two agents before their services would create them (docs/reference/traps.md).
APIS = ["bigquerydatatransfer", "secretmanager"]
TIMEOUT_SECONDS, POLL_SECONDS, REQUEST_TIMEOUT_SECONDS = 120, 2, 60

Json = dict[str, Any]


@dataclass(frozen=True)
class ServiceAgents:
    """`session` sends requests with the credentials of the person."""

    session: requests.Session
    project: str
    endpoint: str
    sleep: Callable[[float], None] = time.sleep

    def create_all(self) -> list[str]:
        """One line per agent. The API's response is the same for an agent that existed before."""
        return [f"{self.create(api)} exists" for api in APIS]

    def create(self, api: str) -> str:
        """The e-mail address of the agent."""
        service = f"projects/{self.project}/services/{api}.googleapis.com"
        operation = self._wait(self._send("POST", f"{service}:generateServiceIdentity", {}))
        return str(operation.get("response", {}).get("email", f"the agent of {api}"))

    def _wait(self, operation: Json) -> Json:
        for _ in range(TIMEOUT_SECONDS // POLL_SECONDS):
            if operation.get("done"):
                break
            self.sleep(POLL_SECONDS)
            operation = self._send("GET", str(operation["name"]))
        # A timeout is reported in the same way: the bootstrap can be repeated.
        if "error" in operation or not operation.get("done"):
            message = operation.get("error", {}).get("message", operation)
            raise BootstrapError(f"could not create a service agent: {message}. Run the bootstrap again.")
        return operation

    def _send(self, method: str, path: str, body: Json | None = None) -> Json:
        url = f"{self.endpoint}/v1beta1/{path}"
        try:
            response = self.session.request(method, url, json=body, timeout=REQUEST_TIMEOUT_SECONDS)
        except (GoogleAuthError, requests.RequestException) as error:
            raise BootstrapError(f"could not reach {url}: {error}") from error
        if not response.ok:
            raise BootstrapError(
                f"{url} returned {response.status_code}: {response.text.strip()}\n"
                f"Check that project {self.project!r} exists, that you are its owner and that the APIs of "
                "docs/runbooks/bootstrap.md are enabled."
            )
        return dict(response.json())
