"""Which files are loaded again: some by name, those of a day, or all that lie in failed/."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from connector import names
from connector.errors import NotFound, UsageError
from connector.landing import File, Landing


class Wanted(msgspec.Struct, frozen=True):
    """These files, or those that runs of a day (YYYYMMDD) brought, or neither: all of failed/."""

    files: tuple[str, ...] = ()
    day: str | None = None


def wanted(files: Iterable[str], day: str | None) -> Wanted:
    """What a person typed; UsageError if there can be no such files."""
    for file in files:
        names.folder("in", file)
    if day and files:
        raise UsageError("--file and --day exclude each other: leave one of them out.")
    if day and not is_day(day):
        raise UsageError(f"the day '{day}' is none; write it as 20260131.")
    return Wanted(tuple(files), day)


def is_day(text: str) -> bool:
    try:
        return f"{datetime.strptime(text, '%Y%m%d'):%Y%m%d}" == text  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return False


def chosen(landing: Landing, wanted: Wanted) -> list[File]:
    """The files that are there; NotFound if one that was named is not."""
    if wanted.day:
        return landing.of_day(wanted.day)
    if not wanted.files:
        return landing.failed()
    found = landing.named(wanted.files, "archive", "failed")
    if missing := set(wanted.files) - {file.name for file in found}:
        where = f"{landing.endpoint}/failed/ nor in {landing.endpoint}/archive/"
        raise NotFound(f"{', '.join(sorted(missing))} is neither in {where}.")
    return found
