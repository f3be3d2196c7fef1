"""Extensions: modules outside the sandbox that serve more routes on its port, named with --extension.

The sandbox itself only has Google's APIs. An API of the user, such as the source that jobs read, is served on
the same port by a module with the two functions of `Extension`.
"""

import importlib
from collections.abc import Iterable
from typing import Protocol, cast

from starlette.routing import BaseRoute

from sandbox.errors import CannotStart
from sandbox.state import State


class Extension(Protocol):
    """`routes` are matched before BigQuery's; `job_variables` are set for jobs and clients."""

    def routes(self, state: State) -> list[BaseRoute]: ...

    def job_variables(self, state: State) -> dict[str, str]: ...


def load_extension(name: str) -> Extension:
    """Imports the module `name`. Raises CannotStart when it does not exist or lacks one of the functions."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        # The message contains `error`: the missing module may be one that the extension imports.
        raise CannotStart(f"cannot import extension {name!r}: {error}.") from error
    if missing := [part for part in ("routes", "job_variables") if not hasattr(module, part)]:
        raise CannotStart(f"extension {name!r} has no function {' and '.join(missing)}.")
    return cast(Extension, module)


def collect_variables(state: State, extensions: Iterable[Extension]) -> dict[str, str]:
    return {name: value for extension in extensions for name, value in extension.job_variables(state).items()}
