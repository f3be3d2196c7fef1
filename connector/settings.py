"""Settings: environment variables with the project and the address of the source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.sources.base import Source
from runtime.errors import SettingsError
from runtime.settings import read_endpoint, read_required


@dataclass(frozen=True)
class Task:
    """This process among the tasks of one execution of Cloud Run; elsewhere it is the only one.

    index: from 0. attempt: 0, and one more after each restart.
    https://cloud.google.com/run/docs/container-contract#jobs-env-vars
    """

    execution: str = ""
    index: int = 0
    count: int = 1
    attempt: int = 0

    @property
    def owner(self) -> str:
        """For leases: the same in all attempts of this task, of which Cloud Run runs one at a time."""
        # Empty for a single task, whose lease is watched: two executions of it have nothing in common.
        return f"{self.execution}/tasks/{self.index}" if self.count > 1 else ""

    def is_of_execution(self, owner: str) -> bool:
        """Whether `owner` is a task of this execution."""
        return self.count > 1 and owner.startswith(f"{self.execution}/tasks/")


@dataclass(frozen=True)
class Settings:
    """`source` holds the variables of the source, without their prefix: `URL` for <SOURCE>_URL."""

    project: str
    location: str
    bucket: str
    source: Mapping[str, str] = field(repr=False)  # may contain a key: never in a log or a traceback
    sheets_endpoint: str = "https://sheets.googleapis.com"
    storage_endpoint: str = "https://storage.googleapis.com"
    source_name: str = ""
    task: Task = Task()


def read_settings(environ: Mapping[str, str], source_name: str, source: Source) -> Settings:
    """SettingsError lists every missing variable."""
    defaults = source.variables()
    names = {key: f"{source_name.upper()}_{key}" for key in defaults}
    without_default = [names[key] for key, default in defaults.items() if default is None]
    # One call for all names, so that one error lists everything that is missing.
    required = read_required(environ, ["PROJECT_ID", "LOCATION", "BUCKET", *without_default])
    # An empty variable counts as missing: Terraform sets optional values to "".
    values = {key: environ.get(names[key]) or default or "" for key, default in defaults.items()}
    return Settings(
        required["PROJECT_ID"],
        required["LOCATION"],
        required["BUCKET"],
        values,
        read_endpoint(environ, "sheets"),
        read_endpoint(environ, "storage"),
        source_name,
        read_task(environ),
    )


def read_task(environ: Mapping[str, str]) -> Task:
    """SettingsError for a variable that is not a number."""
    values = []
    for name, default in (("INDEX", "0"), ("COUNT", "1"), ("ATTEMPT", "0")):
        text = environ.get(f"CLOUD_RUN_TASK_{name}") or default
        if not text.isascii() or not text.isdigit():
            raise SettingsError(
                f"invalid CLOUD_RUN_TASK_{name} {text!r}: Cloud Run sets it to a whole number."
            )
        values.append(int(text))
    index, count, attempt = values
    execution = environ.get("CLOUD_RUN_EXECUTION", "")
    # Without the name of an execution, the tasks of two starts look the same.
    return Task(execution, index, count if execution else 1, attempt)
