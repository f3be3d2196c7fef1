"""Cloud Scheduler jobs: paused while a release changes things.

https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import requests

from runtime.google_api import ApiClient, decode_response


class ScheduleState(msgspec.Struct):
    name: str
    state: str = ""


class Listing(msgspec.Struct):
    jobs: list[ScheduleState] = []
    nextPageToken: str = ""


@dataclass(frozen=True)
class Schedules:
    """`location` is projects/…/locations/…"""

    api: ApiClient
    location: str

    def enabled(self) -> list[str]:
        """Full names of those that start something at their next time."""
        return sorted(job.name for job in self._list() if job.state == "ENABLED")

    def pause(self, names: Iterable[str]) -> None:
        # Only those that are enabled: a repeated command must not fail at a schedule that is paused already.
        self._change("pause", set(names) & set(self.enabled()))

    def resume(self, names: Iterable[str]) -> None:
        """Those that exist and are paused: a schedule that the release deleted stays deleted."""
        paused = {job.name for job in self._list() if job.state == "PAUSED"}
        self._change("resume", set(names) & paused)

    def _change(self, verb: str, names: set[str]) -> None:
        """Pausing a paused job is an error, so after a lost response the list is what counts."""
        for name in sorted(names):
            try:
                self.api.send("POST", f"/v1/{name}:{verb}", {}, b"{}")
            except requests.RequestException:
                is_enabled = name in self.enabled()
                if is_enabled == (verb == "pause"):
                    raise

    def _list(self) -> list[ScheduleState]:
        query: dict[str, str] = {}
        jobs: list[ScheduleState] = []
        while True:
            page = decode_response(self.api.send("GET", f"/v1/{self.location}/jobs", query), Listing)
            jobs += page.jobs
            if not page.nextPageToken:
                return jobs
            query = {"pageToken": page.nextPageToken}
