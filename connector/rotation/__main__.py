"""python -m connector.rotation: rotates the secrets that are due; --secret NAME rotates one now."""

import argparse
import os
import sys
from datetime import timedelta

from connector import sources
from connector.errors import ConnectorError, UsageError
from connector.report import Report
from connector.rest.declaration import RestSource
from connector.rotation.settings import Settings

# Longer than a connector runs (an hour, environments/main.tf) and than Google may give out an older version.
GRACE_SECONDS = 24 * 3600


def main() -> None:
    arguments = parser().parse_args()
    report = Report(sys.stderr)
    try:
        run(arguments, report)
    except ConnectorError as error:
        report(str(error), "ERROR")
        sys.exit(error.exit_code)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m connector.rotation", description="Change the keys of sources that are due."
    )
    top.add_argument("--secret", help="rotate this one now, due or not, such as retail-api-key")
    top.add_argument(
        "--grace_seconds",
        type=int,
        default=GRACE_SECONDS,
        help="how long an old key lives beside its successor; default %(default)s",
    )
    return top


def run(arguments: argparse.Namespace, report: Report) -> None:
    declared = {name: source for name, source in sources.every().items() if isinstance(source, RestSource)}
    secrets = [source.secret for source in declared.values() if source.secret and source.rotation]
    if arguments.secret and arguments.secret not in secrets:
        raise UsageError(
            f"no source declares how to rotate '{arguments.secret}'. Declared are: {', '.join(secrets)}."
        )
    if arguments.grace_seconds < 0:
        raise UsageError(f"--grace_seconds is at least 0, not {arguments.grace_seconds}.")
    settings = Settings.read(os.environ, declared)
    from connector.rotation import rounds
    from connector.rotation.assembly import assemble  # says there why so late

    kit = assemble(declared, settings, report, timedelta(seconds=arguments.grace_seconds))
    if arguments.secret:
        rounds.at_once(kit, kit.rotating[arguments.secret])
    else:
        rounds.due(kit)


if __name__ == "__main__":
    main()
