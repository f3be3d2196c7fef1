"""The end of a command that a person runs: a message in the place of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exit_with_message(command: str, after_interrupt: str) -> Iterator[None]:
    """As a decorator of `main`: for Ctrl-C, and for files that cannot be read or written, as on a full disk.

    `after_interrupt`: what remains to be done.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(f"{command}: interrupted. {after_interrupt}") from None
    except OSError as error:
        raise SystemExit(f"{command}: {error}") from error


def write_file(path: Path, text: str, *, append: bool = False) -> None:
    """OSError that names the file: that of a full disk does not."""
    try:
        with path.open("a" if append else "w") as file:
            file.write(text)
    except OSError as error:
        raise OSError(f"{path} could not be written: {error.strerror}") from error
