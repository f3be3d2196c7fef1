"""A process that is killed after its n-th change: the request arrives, its response does not, and the process
does nothing afterwards."""

import threading

from requests.adapters import HTTPAdapter

CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


class Killed(BaseException):
    """Not an Exception: a client's `except Exception` must not catch it, as nothing catches SIGKILL."""


class CrashingAdapter(HTTPAdapter):
    def __init__(self, last=None):
        super().__init__(pool_maxsize=32)
        self.last, self.changes = last, []
        self.lock = threading.Lock()

    def send(self, request, *arguments, **options):
        with self.lock:
            if self.last is not None and len(self.changes) >= self.last:
                raise Killed
            if request.method in CHANGES:
                self.changes.append(f"{request.method} {request.path_url}")
            mine = len(self.changes)
        response = super().send(request, *arguments, **options)
        if self.last is not None and mine >= self.last:
            response.close()
            raise Killed
        return response
