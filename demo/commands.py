"""The commands that a person would type, against the sandbox: Terraform, the secret, the release."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from demo.errors import Failed
from sandbox import environment
from sandbox.state import State

REPOSITORY = Path(__file__).parents[2]
LAST_LINES = 15
GRACE_SECONDS = 5


@dataclass(frozen=True)
class Shell:
    """Runs commands in the repository, with the environment that points them at a sandbox."""

    state: State

    @property
    def variables(self) -> dict[str, str]:
        person = environment.clients(self.state, self.state.identity("developer"))
        data = {"TF_DATA_DIR": str(self.state.root / "terraform"), "TF_IN_AUTOMATION": "1"}
        return os.environ | person | environment.terraform(self.state) | data

    def python(self, module: str, *arguments: str, given: str = "") -> str:
        return self.run([sys.executable, "-m", module, *arguments], given)

    def run(self, command: list[str], given: str = "", without: tuple[str, ...] = ()) -> str:
        """Its output; Failed with the last lines of it when it does not exit with 0."""
        variables = {name: value for name, value in self.variables.items() if name not in without}
        with group(command, variables) as process:
            output, _ = process.communicate(given)
        self.keep(command, output)
        if process.returncode:
            told = "\n".join(output.splitlines()[-LAST_LINES:])
            raise Failed(f"{' '.join(command)} ended with {process.returncode}:\n{told}")
        return output

    def keep(self, command: list[str], output: str) -> None:
        with (self.state.root / "commands.log").open("a") as log:
            log.write(f"$ {' '.join(command)}\n{output}\n")


@contextmanager
def group(command: list[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process whose whole group, Terraform and its providers too, ends when we are stopped on the way."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=variables,
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            end(process)
            raise


def end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
