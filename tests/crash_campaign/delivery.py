"""Kill test of delivery: rollout, rollback and the job's undo, killed at every request (make campaign-delivery).

Each command runs as a process behind a proxy and is killed with SIGKILL at one of its requests, before it arrives or
before its response does; then the same command runs again. The project must be exactly as after a command that was
not killed: live commit, image of each job, rows, schedules, no release that has not ended.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from sandbox.process import running
from tests.crash_campaign.proxy import Moment, PlannedKill, Proxy
from tests.dataform.retail import file, sale
from tests.pipeline.restore.shop import FIRST, SECOND
from tests.scripts.delivery_project import REGION, Project, image, set_up, write_code

LIMIT_SECONDS = 600
COMMANDS = ("rollout", "rollback", "undo")
State = dict[str, Any]


@dataclass
class Delivery:
    """A project with two releases, `old` and `new`: folders of code, states of the project."""

    project: Project
    root: Path
    states: dict[str, State] = field(default_factory=dict)
    schedules: set[str] = field(default_factory=set)  # of the project, just after each kill

    def prepare(self) -> None:
        """`new` is live afterwards; its rows differ from those of `old` on the days of the second load."""
        self.write_images()
        write_code(self.root / "old")
        write_code(self.root / "new", "2 * sum(item.item_amount)")
        self.project.load(FIRST)
        self.check(self.rollout("old"))
        self.states["old"] = self.read()
        self.project.load([*SECOND, ("sales", file("sales", 9), [sale(20, "2017-01-07", ("a", 1, 1))])])
        self.check(self.rollout("new"))
        self.states["new"] = self.read()
        assert self.states["old"] != self.states["new"]

    def write_images(self) -> None:
        for name, letter in (("old", "a"), ("new", "b")):
            (self.root / f"{name}.json").write_text(json.dumps({"connector": image(letter)}))

    def rollout(self, name: str) -> list[str]:
        folder, images = str(self.root / name), str(self.root / f"{name}.json")
        return self.project.command("rollout", "--folder", folder, "--images", images)

    def rollback(self) -> list[str]:
        """To the release before the newest `new`: a fixed target, whatever was done already."""
        return self.project.command("rollback", "--to", self.releases("old")[-1])

    def undo(self) -> list[str]:
        """As the pipeline starts the job `restore`, for the release that it watches."""
        return [
            sys.executable,
            "-m",
            "pipeline.restore",
            "undo",
            "--release",
            self.releases("new")[-1],
            "--reason",
            "x",
        ]

    def releases(self, name: str) -> list[str]:
        """Ids of what made the commit of a state live, the oldest first."""
        commit = self.states[name]["commit"]
        sql = (
            "select distinct `release`, moment from ops.releases "
            f"where dataform_commit = '{commit}' and state in ('accepted', 'watching') order by moment"
        )
        return [row["release"] for row in self.project.warehouse.query(sql)]

    def read(self) -> State:
        return {
            "commit": self.project.live_commit(),
            "images": self.project.images(),
            "rows": self.project.rows(),
            "schedule": self.project.schedule(),
            "open": [release for release in self.project.releases() if release[1] == "rolling out"],
        }

    def environ(self, address: str = "") -> dict[str, str]:
        """That of an operator and, for the job, its settings."""
        project = self.project.state.project
        settings = {
            "PROJECT_ID": project,
            "REGION": REGION,
            "LOCATION": "EU",
            "BUCKET": f"{project}-landing",
            "DATAFORM_REPOSITORY": "warehouse",
        }
        return self.project.environ(address) | settings

    def run(
        self, command: list[str], proxy: Proxy | None = None, kill: tuple[int, Moment] | None = None
    ) -> int:
        """The exit code; negative if it was killed."""
        environ = self.environ(proxy.url if proxy else "")
        output = subprocess.PIPE
        with subprocess.Popen(
            command, env=environ, stdout=output, stderr=subprocess.STDOUT, text=True
        ) as process:
            if proxy and kill:
                proxy.reset(PlannedKill(*kill, process.pid))
            self.output = process.communicate(timeout=LIMIT_SECONDS)[0]
        return process.returncode

    def check(self, command: list[str]) -> None:
        assert self.run(command) == 0, self.output

    def kill(self, name: str, proxy: Proxy, number: int, moment: Moment) -> tuple[bool, list[str]]:
        """Whether `name` was killed at that request, and what differs after it ran again, from `old` to `new` or back.
        `new` is live before and after; a rollback of the rollback is part of the check.
        """
        command, expected = self.start(name)
        was_killed = self.run(command, proxy, (number, moment)) < 0
        if was_killed:
            self.finish(name, command, expected)
        differences = compare(self.read(), expected)
        if name != "rollout":
            self.check(self.project.command("rollback"))  # of the rollback: the identity
            differences += compare(self.read(), self.states["new"])
        return was_killed, differences

    def start(self, name: str) -> tuple[list[str], State]:
        """The command, and the state after it; the project is in the other one."""
        self.check(self.rollback())
        if name == "rollout":
            return self.rollout("new"), self.states["new"]
        self.check(self.rollout("new"))
        return self.rollback() if name == "rollback" else self.undo(), self.states["old"]

    def finish(self, name: str, command: list[str], expected: State) -> None:
        """Run it again, unless it was killed after its last step: a second rollback would be another one."""
        self.schedules.add(self.project.schedule())
        if compare(self.read(), expected):
            self.check(self.command_after(name, command))

    def command_after(self, name: str, command: list[str]) -> list[str]:
        """The same command; the job's is what the next run of the pipeline starts."""
        is_open = bool(self.read()["open"])
        return [*command[:4], "--unfinished"] if name == "undo" and is_open else command


def compare(state: State, expected: State) -> list[str]:
    return [
        f"{part}: {state[part]} instead of {expected[part]}"
        for part in expected
        if state[part] != expected[part]
    ]


def campaign(delivery: Delivery, proxy: Proxy, step: int = 1) -> Iterator[tuple[str, int, list[str]]]:
    """Command, kills and differences, for each command and moment."""
    for name in COMMANDS:
        for moment in ("before", "after"):
            differences: list[str] = []
            for number in count(1, step):
                was_killed, defects = delivery.kill(name, proxy, number, moment)
                differences += [f"{moment} request {number}: {text}" for text in defects]
                if not was_killed:
                    break
            yield f"{name}, {moment} a request", (number - 1) // step, differences


def main() -> None:
    defects = 0
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "sandbox") as state:
        delivery = Delivery(set_up(state), Path(folder))
        delivery.prepare()
        with Proxy(state.address) as proxy:
            for name, kills, differences in campaign(delivery, proxy):
                print(
                    f"{name}: {kills} kills, {len(differences)} differences",
                    *differences,
                    sep="\n  ",
                    flush=True,
                )
                defects += len(differences)
    raise SystemExit(bool(defects))


if __name__ == "__main__":
    main()
