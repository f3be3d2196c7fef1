"""python -m connector.key_rotation: rotate the secrets that are due; --secret NAME rotates one now."""

import argparse
import os
import sys
from datetime import timedelta

from connector.key_rotation.settings import Settings
from connector.sources import registry
from connector.sources.rest.config import RestSource
from runtime.errors import UsageError
from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import StructuredLog, open_log

# Longer than a connector runs (an hour, environments/main.tf) and than Secret Manager may serve an older version.
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
    rest_sources = {name: source for name, source in sources.items() if isinstance(source, RestSource)}
    secrets = [source.secret for source in rest_sources.values() if source.secret and source.rotation]
    if arguments.secret and arguments.secret not in secrets:
        raise UsageError(
            f"no source declares a rotation of '{arguments.secret}'; declared: {', '.join(secrets)}."
        )
    if arguments.grace_seconds < 0:
        raise UsageError(f"invalid --grace-seconds {arguments.grace_seconds}: expected at least 0.")
    settings = Settings.read(os.environ, rest_sources)
    # Imported here: Google's clients take two seconds, and usage errors are reported before.
    from connector.key_rotation import job
    from connector.key_rotation.assembly import assemble

    context = assemble(rest_sources, settings, log, timedelta(seconds=arguments.grace_seconds))
    if arguments.secret:
        job.at_once(context, context.rotating[arguments.secret])
    else:
        job.due(context)


if __name__ == "__main__":
    main()
