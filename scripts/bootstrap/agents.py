"""Google's own agents. One that Terraform grants something to must be there before; some are made when asked.

https://cloud.google.com/service-usage/docs/reference/rest/v1beta1/services/generateServiceIdentity
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError

from scripts.bootstrap import BootstrapError

ENDPOINT = "https://serviceusage.googleapis.com"
NAMES = ["bigquerydatatransfer", "secretmanager"]
PATIENCE_SECONDS, PAUSE_SECONDS, TIMEOUT_SECONDS = 120, 2, 60

Json = dict[str, Any]


@dataclass(frozen=True)
class Agents:
    """`session` sends its requests with a person's credentials."""

    session: requests.Session
    project: str
    endpoint: str = ENDPOINT
    sleep: Callable[[float], None] = time.sleep

    def made(self) -> list[str]:
        """What was done. An agent that was there already is answered as one that was made."""
        return [f"{self.made_one(name)} is there" for name in NAMES]

    def made_one(self, name: str) -> str:
        service = f"projects/{self.project}/services/{name}.googleapis.com"
        done = self.wait(self.send("POST", f"{service}:generateServiceIdentity", {}))
        return str(done.get("response", {}).get("email", f"the agent of {name}"))

    def wait(self, operation: Json) -> Json:
        for _ in range(PATIENCE_SECONDS // PAUSE_SECONDS):
            if operation.get("done"):
                break
            self.sleep(PAUSE_SECONDS)
            operation = self.send("GET", str(operation["name"]))
        if "error" in operation or not operation.get("done"):
            raise BootstrapError(f"{operation.get('error', {}).get('message', operation)}; run it again")
        return operation

    def send(self, method: str, path: str, body: Json | None = None) -> Json:
        url = f"{self.endpoint}/v1beta1/{path}"
        try:
            answer = self.session.request(method, url, json=body, timeout=TIMEOUT_SECONDS)
        except (GoogleAuthError, requests.RequestException) as error:
            raise BootstrapError(f"{url} could not be asked: {error}") from error
        if not answer.ok:
            raise BootstrapError(
                f"{url} was answered with {answer.status_code}: {answer.text.strip()}\n"
                "Is the project's id right, are you its owner, and are its first APIs on? "
                "docs/runbooks/bootstrap.md has the command."
            )
        return dict(answer.json())
