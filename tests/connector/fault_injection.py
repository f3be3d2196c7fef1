"""Bad weather between a process and Google: requests that are refused, and answers that are lost."""

import re
import threading
from dataclasses import dataclass

import requests
from requests.adapters import HTTPAdapter

from tests.fakes.scripted_server import error_body


@dataclass
class Rule:
    """What becomes of the next `times` requests whose `METHOD path` is like `pattern`, after each `skips`:
    a status that comes instead of the answer, with Google's `reason`; or `lost`: they arrive, and the answer
    does not."""

    pattern: str
    outcome: int | str
    times: int = 1
    skips: int = 0
    reason: str = "backendError"
    seen: int = 0

    def takes(self, request):
        if not self.times or not re.search(self.pattern, f"{request.method} {request.path_url}"):
            return False
        self.seen += 1
        if self.seen % (self.skips + 1):
            return False
        self.times -= 1
        return True


class FaultyAdapter(HTTPAdapter):
    def __init__(self, *rules):
        super().__init__(pool_maxsize=32)
        self.rules = rules
        self.lock = threading.Lock()

    def send(self, request, **options):
        with self.lock:
            rule = next((rule for rule in self.rules if rule.takes(request)), None)
        if rule is None:
            return super().send(request, **options)
        if rule.outcome == "lost":
            super().send(request, **options).close()
            raise requests.ConnectionError("the answer was lost")
        return refused(request, rule)

    @property
    def spent(self):
        """Every rule has had its say."""
        return not any(rule.times for rule in self.rules)


def refused(request, rule):
    answer = requests.Response()
    answer.status_code, answer.request, answer.url = rule.outcome, request, request.url
    answer.headers["Content-Type"] = "application/json"
    answer._content = error_body(rule.reason)
    return answer
