"""Copy an endpoint of a source into raw, or load files again.

python -m connector --endpoint sales                               what is new
python -m connector --endpoint sales --from 100 --until 200        back-fill; ids or days
python -m connector replay --endpoint sales [--day 20260131]       load again: all files in failed/, or a day's
python -m connector check --source retail                          errors of a declaration; settings and grants it needs
python -m connector try --endpoint sales                           the first page or the plan; writes nothing
python -m connector describe --endpoint sales                      a schema from the first pages
python -m connector json-schema                                    for completion in an editor
python -m connector new NAME --kind postgres --url URL --secret NAME --endpoint orders   files of a new source
"""

import argparse
import os
import sys

from connector.declaration_check import check_source, require_valid
from connector.errors import DeclarationError
from connector.new_source.arguments import add_arguments
from connector.run import replay, run
from connector.run.context import RunContext
from connector.settings import read_settings
from connector.sources import registry, window
from runtime.errors import EXIT_SIGNAL_BASE, UsageError
from runtime.lease import RENEW_SECONDS
from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import StructuredLog, open_log


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    raise_on_termination()
    code = run_job(lambda: run_command(log), log)
    # Cloud Run kills the task ten seconds after SIGTERM; the lease is released by now.
    if code > EXIT_SIGNAL_BASE:
        os._exit(code)  # a normal exit would wait for requests that are still in flight
    sys.exit(code)


COMMANDS = ["copy", "replay", "check", "try", "describe", "json-schema", "new"]


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m connector", description="Copy an endpoint of a source into raw.")
    add = parser.add_argument
    add("command", nargs="?", choices=COMMANDS, default="copy", help="default: %(default)s")
    add("name", nargs="?", metavar="NAME", help="of the new source; for new only")
    add(
        "--endpoint",
        action="append",
        help="as declared in connector/sources, for example sales; new: repeatable",
    )
    add("--source", default="retail", help="a file of connector/sources without .yaml; default: %(default)s")
    # The second spellings are required by the design; all other flags are kebab-case.
    add(
        "--from", "--start_sales_id", dest="start", metavar="ID|DATE", help="first id or day; default: resume"
    )
    add(
        "--until", "--end_sales_id", dest="end", metavar="ID|DATE", help="last id or day; default: the newest"
    )
    add("--file", action="append", default=[], metavar="NAME", help="replay this file; repeatable")
    add("--day", metavar="YYYYMMDD", help="replay the files of runs of this day, archived or failed")
    add("--renew-seconds", type=float, default=RENEW_SECONDS, help="lease renewal; default: %(default)s")
    add_arguments(parser)
    return parser


def run_command(log: StructuredLog) -> None:
    """UsageError, SettingsError or DeclarationError before the first request; the errors of the command after it."""
    arguments = create_parser().parse_args()
    # These three need no endpoint and no credentials: they send no request to Google.
    if arguments.command == "json-schema":
        print(registry.json_schema())
    elif arguments.command == "check":
        print_check(arguments.source)
    elif arguments.command == "new":
        print(create_source(arguments))
    else:
        run_endpoint_command(arguments, log)


def create_source(arguments: argparse.Namespace) -> str:
    # Imported here: a run of the job does not need it.
    from connector.new_source.command import run

    return run(arguments)


def run_endpoint_command(arguments: argparse.Namespace, log: StructuredLog) -> None:
    """try, describe, replay or copy, of one endpoint."""
    check_endpoint(arguments)
    log = log.bind(source=arguments.source, endpoint=arguments.endpoint)
    source = registry.read_source(arguments.source)
    endpoint = source.endpoint(arguments.endpoint)
    # Everything that only depends on the command line is checked before a client is created.
    requested = window.parse_range(
        arguments.endpoint, window.window_of(endpoint), arguments.start, arguments.end
    )
    check_combination(arguments)
    selection = replay.parse_selection(arguments.file, arguments.day)
    settings = read_settings(os.environ, arguments.source, source)
    # These two are used while a declaration is written, when the schema does not exist yet.
    if arguments.command not in ("try", "describe"):
        require_valid(arguments.source, arguments.endpoint, source)
    # Imported here: Google's clients take half a second, and usage errors are reported before.
    from connector.run.assembly import create_context

    context = create_context(
        arguments.source, arguments.endpoint, source, settings, log, arguments.renew_seconds
    )
    if arguments.command == "replay":
        run.replay_files(context, selection)
    elif arguments.command == "copy":
        run.copy(context, requested)
    else:
        print_preview(context, arguments.command, requested)


def check_endpoint(arguments: argparse.Namespace) -> None:
    """UsageError unless there is exactly one --endpoint, which replaces the list, and no NAME."""
    if arguments.name:
        raise UsageError(f"unexpected argument '{arguments.name}'; only new has a NAME.")
    if not arguments.endpoint:
        raise UsageError(f"--endpoint is required by {arguments.command}.")
    if len(arguments.endpoint) > 1:
        raise UsageError(f"{arguments.command} takes one --endpoint.")
    [arguments.endpoint] = arguments.endpoint


def print_preview(context: RunContext, command: str, requested: window.IdRange) -> None:
    """What try or describe reads from the source."""
    from connector.source_preview import infer_planned_schema, infer_schema, preview_page, preview_plan
    from connector.sources.planned import PlannedReader

    reader = context.reader
    if command == "try" and isinstance(reader, PlannedReader):
        print(preview_plan(reader, requested))
    elif command == "try":
        print(preview_page(context.page_reader, requested))
    elif isinstance(reader, PlannedReader):
        print_schema(context, *infer_planned_schema(reader, requested), remedy="declare `rename`")
        context.log("the source suggests this declaration", suggestion=reader.propose())
    else:
        remedy = "declare `rename`, or `unmapped` for all of them"
        print_schema(context, *infer_schema(context.page_reader, requested), remedy=remedy)


def print_schema(context: RunContext, schema: str, unusable: list[str], remedy: str) -> None:
    print(schema)
    if unusable:
        context.log("fields whose names raw does not accept", "WARNING", fields=unusable, remedy=remedy)


def print_check(name: str) -> None:
    """DeclarationError lists every problem, one a line."""
    problems = check_source(name)
    if problems:
        raise DeclarationError("\n".join(problems))
    print(f"{name}: the declaration, its schemas, keys and settings are valid.")
    if requirements := registry.read_source(name).requirements():
        print("\n".join(["Ask the owner of the source for:", *requirements]))


def check_combination(arguments: argparse.Namespace) -> None:
    """UsageError for arguments of another command."""
    if arguments.command == "copy" and (arguments.file or arguments.day):
        raise UsageError(
            f"--file and --day belong to replay: python -m connector replay --endpoint {arguments.endpoint} …"
        )
    # A file may hold ids of any window, so a range of ids cannot select files.
    if arguments.command == "replay" and (arguments.start or arguments.end):
        raise UsageError("replay loads files, not ids: use --file or --day instead of --from and --until.")


if __name__ == "__main__":
    main()
