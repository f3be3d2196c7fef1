"""An environment: a tfvars file, and the project that it names."""

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.deploy.errors import UnknownEnvironment

FOLDER = Path(__file__).parents[2] / "environments"
PROJECT = re.compile(r'^project_id\s*=\s*"([^"]+)"', re.MULTILINE)
UNPROTECTED = re.compile(r"^protected\s*=\s*false\b", re.MULTILINE)


@dataclass(frozen=True)
class Environment:
    """protected: as prod is, unless the tfvars say `protected = false`."""

    name: str
    project: str
    folder: Path = FOLDER
    protected: bool = True

    @classmethod
    def find(cls, name: str, folder: Path = FOLDER) -> "Environment":
        """UnknownEnvironment if it has no tfvars, or they name no project."""
        path = folder / f"{name}.tfvars"
        if not re.fullmatch("[a-z][a-z0-9-]*", name) or not path.is_file():
            known = ", ".join(sorted(file.stem for file in folder.glob("*.tfvars")))
            raise UnknownEnvironment(
                f"there is no {name!r}: environments/{name}.tfvars is missing. There are {known}."
            )
        text = path.read_text()
        found = PROJECT.search(text)
        if not found:
            raise UnknownEnvironment(f'environments/{name}.tfvars names no project: project_id = "…"')
        return cls(name, found[1], folder, not UNPROTECTED.search(text))

    @property
    def tfvars(self) -> str:
        return f"{self.name}.tfvars"

    @property
    def state_bucket(self) -> str:
        return f"{self.project}-terraform-state"
