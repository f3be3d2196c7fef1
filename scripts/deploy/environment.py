"""An environment: a tfvars file with the project that it names."""

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.deploy.errors import UnknownEnvironment

FOLDER = Path(__file__).parents[2] / "environments"
# Read by pattern: a parser of HCL would be one more package for two lines.
PROJECT_LINE = re.compile(r'^project_id\s*=\s*"([^"]+)"', re.MULTILINE)
UNPROTECTED_LINE = re.compile(r"^protected\s*=\s*false\b", re.MULTILINE)


@dataclass(frozen=True)
class Environment:
    """`protected` is true, as for prod, unless the tfvars contain `protected = false`."""

    name: str
    project: str
    folder: Path = FOLDER
    protected: bool = True

    @classmethod
    def load(cls, name: str, folder: Path = FOLDER) -> "Environment":
        """UnknownEnvironment if `<name>.tfvars` is missing or names no project."""
        path = folder / f"{name}.tfvars"
        # The name becomes a path and a workspace, so it must contain neither slashes nor blanks.
        if not re.fullmatch("[a-z][a-z0-9-]*", name) or not path.is_file():
            existing = ", ".join(sorted(file.stem for file in folder.glob("*.tfvars")))
            raise UnknownEnvironment(
                f"unknown environment {name!r}: environments/{name}.tfvars does not exist. "
                f"Existing: {existing}."
            )
        text = path.read_text()
        match = PROJECT_LINE.search(text)
        if not match:
            raise UnknownEnvironment(f'environments/{name}.tfvars names no project: add project_id = "…"')
        # Protected unless the line is exactly as expected: a typing error must not remove the protection.
        return cls(name, match[1], folder, not UNPROTECTED_LINE.search(text))

    @property
    def tfvars(self) -> str:
        return f"{self.name}.tfvars"

    @property
    def state_bucket(self) -> str:
        return f"{self.project}-terraform-state"

    @property
    def quota_variables(self) -> dict[str, str]:
        """Charge API calls of a personal login to the project.

        The Billing Budgets API answers 403 without it: provider documentation of google_billing_budget. The
        service accounts of CI need serviceusage.services.use on the project for it.
        """
        return {
            "GOOGLE_BILLING_PROJECT": self.project,
            "GOOGLE_CLOUD_QUOTA_PROJECT": self.project,
            "USER_PROJECT_OVERRIDE": "true",
        }
