"""Faults between a process and Google's APIs: rejected requests and lost responses."""

import re
import threading
from dataclasses import dataclass

import requests
from requests.adapters import HTTPAdapter

from tests.fakes.scripted_server import error_body


@dataclass
class Rule:
    """The `outcome` of the next `times` requests whose `METHOD path` matches `pattern`, after each `skips`: an
    error status with Google's `reason`, or `lost`: the request arrives, its response does not."""

    pattern: str
    outcome: int | str
    times: int = 1
    skips: int = 0
    reason: str = "backendError"
    matches: int = 0

    def applies_to(self, request):
        if not self.times or not re.search(self.pattern, f"{request.method} {request.path_url}"):
            return False
        self.matches += 1
        if self.matches % (self.skips + 1):
            return False
        self.times -= 1
        return True


class FaultyAdapter(HTTPAdapter):
    def __init__(self, *rules):
        super().__init__(pool_maxsize=32)
        self.rules = rules
        self.lock = threading.Lock()

    def send(self, request, *arguments, **options):
        with self.lock:
            rule = next((rule for rule in self.rules if rule.applies_to(request)), None)
        if rule is None:
            return super().send(request, *arguments, **options)
        if rule.outcome == "lost":
            super().send(request, *arguments, **options).close()
            raise requests.ConnectionError("the response was lost")
        return create_error(request, rule)

    @property
    def is_exhausted(self):
        """Every rule has been applied as often as declared."""
        return not any(rule.times for rule in self.rules)


def create_error(request, rule):
    response = requests.Response()
    response.status_code, response.request, response.url = rule.outcome, request, request.url
    response.headers["Content-Type"] = "application/json"
    response._content = error_body(rule.reason)
    return response
