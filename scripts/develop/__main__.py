"""python -m scripts.develop start|run|drop --env ENV --schema-suffix ada: models in datasets of one's own."""

import argparse
import re
import sys
from pathlib import Path

from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from runtime.errors import SettingsError
from runtime.google_errors import CLIENT_ERRORS
from scripts.deploy.errors import DeployError
from scripts.develop import DevelopError
from scripts.develop.datasets import Datasets
from scripts.develop.models import compile_folder
from scripts.exits import exit_with_message
from scripts.release.folder import read_files
from scripts.release.invocation import Runner
from scripts.release.keys import declare_keys
from scripts.release.schemas import add_columns, check_changes, compare_schemas, drop_recreated
from scripts.release.target import (
    Target,
    add_arguments,
    create_dataform_client,
    create_warehouse_client,
    read_target,
)

SUFFIX = re.compile(r"[a-z][a-z0-9]{1,19}")


@exit_with_message("develop", "Dataform finishes what it has started; run the command again.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        develop(arguments, read_target(arguments))
    except (DevelopError, ReleaseError, DeployError, SettingsError) as error:
        sys.exit(f"develop: {error}")
    except CLIENT_ERRORS as error:
        sys.exit(f"develop: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.develop",
        description="start: datasets with clones of ods and dmt; run: the models of a folder in them; "
        "drop: delete them. raw and ops are shared and only read.",
    )
    parser.add_argument("task", choices=("start", "run", "drop"))
    parser.add_argument(
        "--schema-suffix", type=parse_suffix, required=True, help="for example your first name"
    )
    add_arguments(parser)
    parser.add_argument("--folder", type=Path, default=Path("dataform"), help="default: %(default)s")
    return parser


def parse_suffix(text: str) -> str:
    """ArgumentTypeError unless it can end the name of a dataset."""
    if not SUFFIX.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"'{text}': expected 2 to 20 lower-case letters and digits, for example ada"
        )
    return text


def develop(arguments: argparse.Namespace, target: Target) -> None:
    client = create_warehouse_client(target)
    datasets = Datasets(client, arguments.schema_suffix, target.location, target.service_account)
    if arguments.task == "drop":
        print(f"deleted {', '.join(datasets.delete()) or 'nothing'}")
    elif arguments.task == "start":
        datasets.create()
        for name in datasets.clone():
            print(f"clone   {name}")
    else:
        datasets.check()
        run_models(arguments, target, client)


def run_models(arguments: argparse.Namespace, target: Target, warehouse: bigquery.Client) -> None:
    dataform, suffix = create_dataform_client(), arguments.schema_suffix
    files = read_files(arguments.folder)
    with compile_folder(dataform, target, suffix, f"develop-{suffix}", files) as compiled:
        changes = compare_schemas(warehouse, compiled.actions)
        check_changes(changes, may_refresh=True)
        runner = Runner(dataform, target.repository, compiled.result.name, target.service_account)
        # First, because an incremental run ignores a new column and fails without a removed one.
        add_columns(warehouse, changes)
        if rewritten := [change for change in changes if not change.is_filled]:
            print(f"refresh {', '.join(str(change) for change in rewritten)}")
            drop_recreated(warehouse, rewritten)
            runner.run([change.target for change in rewritten], full_refresh=True, with_dependents=False)
        written = [action.target for action in compiled.actions if is_written(action)]
        runner.run(written, False, with_dependents=False)
        declare_keys(warehouse, compiled.actions)
    print(f"ran     {compiled.changed_files} changed files in ods_{suffix} and dmt_{suffix}")


def is_written(action: api.CompilationResultAction) -> bool:
    """Tables, views and operations; not declarations and assertions."""
    return bool(action.relation or action.operations)


if __name__ == "__main__":
    main()
