"""Loads that are killed, and ended by the next run."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.campaign.looks import PAGE, Found, Looks
from tests.campaign.process import Connector, Ended, Point


@dataclass
class Group:
    """What became of the kills of one kind. `again` is the most pages of a load that were asked for once
    more, of `pages`; `wrong` names the point and what was found there."""

    name: str
    kills: int = 0
    loads: int = 0
    rows: int = 0
    pages: int = 0
    again: int = 0
    twice: int = 0
    missing: int = 0
    left: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, point: Point, ended: Ended, found: Found) -> None:
        self.twice += found.twice
        self.missing += found.missing
        self.left += found.left
        said = f"exit code {ended.code}, {ended.said[-2:]}" if ended.code > 0 else ""
        if said or found != DriftReport():
            self.wrong.append(f"{point}: {said} {found}")


@dataclass
class Windows:
    """Each load is of the `size` sales after those that were loaded before."""

    connector: Connector
    looks: Looks
    size: int
    last: int = 0

    def killed(self, group: Group, point: Point) -> bool:
        """One load that is killed at `point`, and ended by a second process; False if it was over before."""
        first, self.last = self.last + 1, self.last + self.size
        window = ("--endpoint", "sales", "--from", str(first), "--until", str(self.last))
        ended = one = self.connector.run(*window, point=point)
        asked = self.connector.requests("API")
        if one.killed and not self.is_over(first):
            ended = self.connector.run(*window)
            group.again = max(group.again, again(asked, self.connector.requests("API")))
        group.add(point, ended, self.looks.load(first, self.last))
        group.kills, group.loads = group.kills + one.killed, group.loads + 1
        group.rows, group.pages = group.rows + self.size, -(-self.size // PAGE)
        return one.killed

    def is_over(self, first: int) -> bool:
        """The process died when all was done; a second load would be another one."""
        runs = self.looks.runs(f"window_from = {first} AND window_until = {self.last}")
        return bool(runs) and not self.looks.left()


@dataclass
class Replays:
    """Each load is of the same `file` of `rows` rows, from the archive."""

    connector: Connector
    looks: Looks
    file: str
    rows: int
    loads: int = 1

    def killed(self, group: Group, point: Point) -> bool:
        command = ("replay", "--endpoint", "sales", "--file", self.file)
        ended = one = self.connector.run(*command, point=point)
        done = len(self.looks.replays(self.file)) == self.loads and not self.looks.left()
        if one.killed and not done:
            ended = self.connector.run(*command)
        self.loads += 1
        group.add(point, ended, self.looks.replay(self.file, self.rows, self.loads))
        group.kills, group.loads = group.kills + one.killed, group.loads + 1
        group.rows += self.rows
        return one.killed


def again(before: list[str], after: list[str]) -> int:
    """How often a page was asked for that had been asked for before."""
    numbers = Counter(parse_qs(urlsplit(path).query)["page"][0] for path in before + after)
    return sum(numbers.values()) - len(numbers)
