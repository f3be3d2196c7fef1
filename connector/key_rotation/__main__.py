"""Rotate the API keys of sources.

python -m connector.key_rotation                  the secrets that Secret Manager has reported as due
python -m connector.key_rotation --secret NAME    this secret, now
"""

import argparse
import os
import sys
from datetime import timedelta

from connector.key_rotation.settings import read_settings
from connector.sources import registry
from connector.sources.rest.config import RestSource
from runtime.errors import UsageError
from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import StructuredLog, open_log

# Longer than a connector run (an hour, environments/main.tf) and than Secret Manager may serve an older version.
GRACE_SECONDS = 24 * 3600


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    raise_on_termination()
    sys.exit(run_job(lambda: run_command(log), log))


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        prog="python -m connector.key_rotation", description="Rotate the API keys of sources that are due."
    )
    parser.add_argument("--secret", help="rotate this secret now, for example retail-api-key")
    parser.add_argument(
        "--grace-seconds",
        type=int,
        default=GRACE_SECONDS,
        help="how long an old key stays valid beside the new one; default: %(default)s",
    )
    return parser


def run_command(log: StructuredLog) -> None:
    arguments = create_parser().parse_args()
    sources = registry.read_all_sources()
    # Other kinds have no API that issues keys.
    rest_sources = {name: source for name, source in sources.items() if isinstance(source, RestSource)}
    secrets = [source.secret for source in rest_sources.values() if source.secret and source.rotation]
    if arguments.secret and arguments.secret not in secrets:
        raise UsageError(
            f"no source declares a rotation of '{arguments.secret}'; declared: {', '.join(secrets)}."
        )
    # 0 is allowed: after a leak the old key is revoked at once.
    if arguments.grace_seconds < 0:
        raise UsageError(f"invalid --grace-seconds {arguments.grace_seconds}: expected at least 0.")
    settings = read_settings(os.environ, rest_sources)
    # Imported here: Google's clients take two seconds, and usage errors are reported before.
    from connector.key_rotation import job
    from connector.key_rotation.assembly import create_context

    context = create_context(rest_sources, settings, log, timedelta(seconds=arguments.grace_seconds))
    if arguments.secret:
        job.rotate_now(context, context.targets[arguments.secret])
    else:
        job.rotate_due(context)


if __name__ == "__main__":
    main()
