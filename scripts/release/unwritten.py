"""Tables and views that the release before wrote and the new one does not: Dataform deletes none."""

from collections.abc import Iterable

from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery.release_config import LiveRelease
from scripts.release.column_types import name_of
from scripts.release.schemas import read_table


def print_unwritten(live: LiveRelease, result: api.CompilationResult, warehouse: bigquery.Client) -> None:
    """Only those that exist. Their readers, such as an export, would see old rows without an error."""
    before = live.current_result()
    if before is None:
        return
    written = {name_of(target) for target in read_targets(live.read_actions(result))}
    for target in read_targets(live.read_actions(before)):
        if name_of(target) not in written and read_table(warehouse, target):
            name = f"{target.schema}.{target.name}"
            print(
                f"left    {name}: no model writes it, and its readers see old rows. To delete it: bq rm {name}"
            )


def read_targets(actions: Iterable[api.CompilationResultAction]) -> list[api.Target]:
    """Of the actions that write a table or view of their name."""
    return [action.target for action in actions if action.relation or action.operations.has_output]
