"""The commands that a person would type, against the sandbox: Terraform, the secret, the release."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox import environment
from sandbox.demo.errors import Failed
from sandbox.state import State

REPOSITORY = Path(__file__).parents[2]
LAST_LINES = 15


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
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=variables,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.keep(command, done.stdout)
        if done.returncode:
            told = "\n".join(done.stdout.splitlines()[-LAST_LINES:])
            raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{told}")
        return done.stdout

    def keep(self, command: list[str], output: str) -> None:
        with (self.state.root / "commands.log").open("a") as log:
            log.write(f"$ {' '.join(command)}\n{output}\n")
