"""Settings of the report, from environment variables, and the value of --since."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from runtime.errors import SettingsError, UsageError
from runtime.mail_settings import MailServer, is_address, read_mail_server
from runtime.settings import read_endpoint, read_required

UNITS = {"h": "hours", "d": "days"}
LONGEST = timedelta(days=28)  # the history that the page shows


@dataclass(frozen=True)
class Settings:
    """endpoints: tables of raw by `<source>/<endpoint>`. exports: tables by export. repository: Dataform's full
    name. runbooks: a folder or address that the links begin with. mail_server: None without SMTP_HOST. recipients:
    of the mail, none for no mail. pages: the address that begins the pages' own, "" if it is unknown.
    """

    project: str
    location: str
    bucket: str
    repository: str
    runbooks: str
    endpoints: Mapping[str, str]
    exports: Mapping[str, str]
    dataform_endpoint: str
    storage_endpoint: str
    mail_server: MailServer | None = None
    recipients: Sequence[str] = ()
    pages: str = ""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """SettingsError lists every missing variable."""
    names = (
        "PROJECT_ID",
        "LOCATION",
        "REPORT_BUCKET",
        "DATAFORM",
        "RUNBOOKS",
        "ENDPOINT_TABLES",
        "EXPORT_TABLES",
    )
    project, location, bucket, repository, runbooks, endpoints, exports = read_required(
        environ, names
    ).values()
    return Settings(
        project,
        location,
        bucket,
        repository,
        runbooks.rstrip("/"),
        parse_tables("ENDPOINT_TABLES", endpoints),
        parse_tables("EXPORT_TABLES", exports),
        read_endpoint(environ, "dataform"),
        read_endpoint(environ, "storage"),
        read_mail_server(environ),
        parse_recipients(environ.get("REPORT_RECIPIENTS") or ""),
        (environ.get("PAGES") or "").rstrip("/"),
    )


def parse_recipients(text: str) -> list[str]:
    """Mail addresses separated by commas, each once; SettingsError for the first invalid one."""
    addresses = [part.strip() for part in text.split(",") if part.strip()]
    for address in addresses:
        if not is_address(address):
            raise SettingsError(
                f"invalid REPORT_RECIPIENTS: {address[:80]!r} is not a mail address; expected addresses separated by "
                "commas, for example team@example.com,data@example.com."
            )
    return list(dict.fromkeys(addresses))


def parse_tables(variable: str, text: str) -> dict[str, str]:
    """SettingsError unless it is a JSON object of texts."""
    try:
        tables = json.loads(text)
        is_valid = all(isinstance(table, str) for table in tables.values())
    except (ValueError, AttributeError):
        is_valid = False
    if not is_valid:
        raise SettingsError(f'invalid {variable} {text[:80]!r}: expected JSON such as {{"a/b": "raw.b"}}.')
    return dict(tables)


def parse_since(text: str) -> timedelta:
    """`24h` or `7d`; UsageError for anything else and for more than 28 days."""
    # Four digits at most, because timedelta overflows at longer numbers.
    match = re.fullmatch(r"([1-9][0-9]{0,3})([hd])", text)
    since = timedelta(**{UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < since <= LONGEST:
        raise UsageError(f"invalid --since {text!r}: expected hours or days up to 28d, for example 24h or 7d")
    return since
