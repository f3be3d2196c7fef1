"""Loads that are killed, and finished by the next run."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.crash_campaign.inspection import PAGE, Findings, Inspection
from tests.crash_campaign.process import Connector, Exit, Point


@dataclass
class Group:
    """Results of the kills of one kind. `repeated` is the largest number of pages of one load that were
    requested a second time, of `pages`; `defects` names the point and its findings."""

    name: str
    kills: int = 0
    loads: int = 0
    rows: int = 0
    pages: int = 0
    repeated: int = 0
    twice: int = 0
    missing: int = 0
    remaining: int = 0
    defects: list[str] = field(default_factory=list)

    def add(self, point: Point, end: Exit, findings: Findings) -> None:
        self.twice += findings.twice
        self.missing += findings.missing
        self.remaining += findings.remaining
        failure = f"exit code {end.code}, {end.log[-2:]}" if end.code > 0 else ""
        if failure or findings != Findings():
            self.defects.append(f"{point}: {failure} {findings}")


@dataclass
class Windows:
    """Each load copies the `size` sales after those of the previous load."""

    connector: Connector
    inspection: Inspection
    size: int
    last: int = 0

    def load_with_kill(self, group: Group, point: Point) -> bool:
        """One load that is killed at `point` and finished by a second process. False if it ended before."""
        first, self.last = self.last + 1, self.last + self.size
        window = ("--endpoint", "sales", "--from", str(first), "--until", str(self.last))
        end = killed = self.connector.run(*window, point=point)
        requests = self.connector.requests("API")
        if killed.was_killed and not self.is_finished(first):
            end = self.connector.run(*window)
            group.repeated = max(group.repeated, count_repeated(requests, self.connector.requests("API")))
        group.add(point, end, self.inspection.inspect_load(first, self.last))
        group.kills, group.loads = group.kills + killed.was_killed, group.loads + 1
        group.rows, group.pages = group.rows + self.size, -(-self.size // PAGE)
        return killed.was_killed

    def is_finished(self, first: int) -> bool:
        """The process was killed after its last step; a second process would start another load."""
        runs = self.inspection.runs(f"window_from = {first} AND window_until = {self.last}")
        return bool(runs) and not self.inspection.remaining()


@dataclass
class Replays:
    """Each load is a replay of the same archived `file` with `rows` rows."""

    connector: Connector
    inspection: Inspection
    file: str
    rows: int
    loads: int = 1

    def load_with_kill(self, group: Group, point: Point) -> bool:
        command = ("replay", "--endpoint", "sales", "--file", self.file)
        end = killed = self.connector.run(*command, point=point)
        is_finished = len(self.inspection.replays(self.file)) == self.loads
        if killed.was_killed and not (is_finished and not self.inspection.remaining()):
            end = self.connector.run(*command)
        self.loads += 1
        group.add(point, end, self.inspection.inspect_replay(self.file, self.rows, self.loads))
        group.kills, group.loads = group.kills + killed.was_killed, group.loads + 1
        group.rows += self.rows
        return killed.was_killed


def count_repeated(before: list[str], after: list[str]) -> int:
    """How many requests were for a page that was requested before."""
    numbers = Counter(parse_qs(urlsplit(path).query)["page"][0] for path in before + after)
    return sum(numbers.values()) - len(numbers)
