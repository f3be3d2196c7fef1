"""Runs the commands that a person would type, against the sandbox: Terraform and the scripts."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from demo.errors import StepFailed
from sandbox import environment
from sandbox.state import State

REPOSITORY = Path(__file__).parents[1]
SHOWN_LINES = 15  # of the output of a command that failed
STOP_SECONDS = 5


@dataclass(frozen=True)
class Shell:
    """Runs commands in the repository, with the environment variables that direct them to a sandbox.

    `settings` are further variables, for example those of a Run job.
    """

    state: State
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        clients = environment.clients(self.state, self.state.identity("developer"))
        # Terraform's own folder would be in the repository: `init` for the sandbox's backend would then replace the
        # settings of a person who uses Terraform there.
        data = {"TF_DATA_DIR": str(self.state.root / "terraform"), "TF_IN_AUTOMATION": "1"}
        return os.environ | clients | environment.terraform(self.state) | data | dict(self.settings)

    def run_module(self, module: str, *arguments: str, stdin: str = "") -> str:
        """The output of `python -m module`."""
        return self.run([sys.executable, "-m", module, *arguments], stdin)

    def run(self, command: list[str], stdin: str = "", unset: tuple[str, ...] = ()) -> str:
        """The output; StepFailed with the end of it when the exit code is not 0.

        `unset` are names of variables that the command must not have.
        """
        variables = {name: value for name, value in self.variables.items() if name not in unset}
        with process_group(command, variables) as process:
            output, _ = process.communicate(stdin)
        self._append_log(command, output)
        if process.returncode:
            end = "\n".join(output.splitlines()[-SHOWN_LINES:])
            raise StepFailed(f"{' '.join(command)} ended with exit code {process.returncode}:\n{end}")
        return output

    def _append_log(self, command: list[str], output: str) -> None:
        """Standard input is not logged: it may be an API key."""
        with (self.state.root / "commands.log").open("a") as log:
            log.write(f"$ {' '.join(command)}\n{output}\n")


@contextmanager
def process_group(command: list[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process in its own group: an exception, such as Ctrl-C, ends Terraform and its providers too."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=variables,
        stdin=pipe,
        stdout=pipe,
        # One pipe for both streams: messages stay in their order, and no second pipe can fill up unread.
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        # BaseException: Ctrl-C is a KeyboardInterrupt, which is not an Exception.
        except BaseException:
            stop_group(process)
            raise


def stop_group(process: subprocess.Popen[str]) -> None:
    """SIGTERM, then SIGKILL for processes of the group that are still running after STOP_SECONDS."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_SECONDS)
    # Also when the command itself has ended: Terraform's provider may still be running.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
