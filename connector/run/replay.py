"""Replay: which files are loaded again - by name, those of a day, or all in failed/."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from connector.errors import FileMissing
from connector.landing import names
from connector.landing.files import Landing
from connector.landing.landed_file import LandedFile
from runtime.errors import UsageError


class Selection(msgspec.Struct, frozen=True):
    """These files, or the files of runs of a day (YYYYMMDD), or neither: all in failed/."""

    files: tuple[str, ...] = ()
    day: str | None = None


def parse_selection(files: Iterable[str], day: str | None) -> Selection:
    """From the command line; UsageError if it cannot match any file."""
    # Checks the form of the name, which decides the folder.
    for file in files:
        names.folder("in", file)
    if day and files:
        raise UsageError("--file and --day exclude each other: use one of them.")
    if day and not is_day(day):
        raise UsageError(f"invalid --day '{day}': expected YYYYMMDD, for example 20260131.")
    return Selection(tuple(files), day)


def is_day(text: str) -> bool:
    try:
        # Compared with itself, because strptime also accepts 2026131.
        return f"{datetime.strptime(text, '%Y%m%d'):%Y%m%d}" == text  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False


def select_files(landing: Landing, selection: Selection) -> list[LandedFile]:
    """The files in the bucket; FileMissing if one that was named is not there."""
    if selection.day:
        return landing.files_of_day(selection.day)
    # Not archive/: loading all of it again would add every row a second time.
    if not selection.files:
        return landing.failed_files()
    files = landing.find(selection.files, "archive", "failed")
    if missing := set(selection.files) - {file.name for file in files}:
        folders = f"{landing.root}/failed/ nor in {landing.root}/archive/"
        raise FileMissing(f"{', '.join(sorted(missing))} is neither in {folders}.")
    return files
