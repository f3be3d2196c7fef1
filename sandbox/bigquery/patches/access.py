"""Check the caller's rights on every table that a job reads or writes.

Version: local-bigquery 0.3.2, which stores policies and `access`, and checks neither.
Reason: a query that fails at Google for lack of a right must fail here.
Upstream change that removes it: none is planned.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from sqlglot import exp

from sandbox.iam.access import Access
from sandbox.iam.denials import storage_message
from sandbox.iam.identities import caller
from sandbox.iam.policies import STORAGE
from sandbox.iam.queries import READ, TableAccess, path

OBJECT = "storage.objects.get"
checked_as_a_whole: ContextVar[bool] = ContextVar("checked_as_a_whole", default=False)


def install(access: Access) -> None:
    from local_bigquery.jobs import copy, extract, load, query, runner
    from local_bigquery.sql.rules import STATEMENT_RULES

    def check(tree: exp.Expr, context: Any) -> exp.Expr:
        """First of all rules: the later ones replace the names of tables. For expressions of a script."""
        rights = None if checked_as_a_whole.get() else rights_of_caller(access)
        if rights:
            rights.check_statement(tree, context)
        return tree

    STATEMENT_RULES.insert(0, check)
    query._statement = with_check(query._statement, lambda tree, context: check(resolved(tree), context))
    query.execute = with_destination(query.execute, access)
    runner.HANDLERS |= {
        "load": with_handler(load.run, access, check_load),
        "copy": with_handler(copy.run, access, check_copy),
        "extract": with_handler(extract.run, access, check_extract),
    }


def resolved(tree: exp.Expr) -> exp.Expr:
    """With the names of a schema in their places; ALTER SCHEMA is an unknown command to sqlglot."""
    from local_bigquery.sql.rules import ddl

    if not isinstance(tree, exp.Command) and tree.args.get("kind") != "SCHEMA":
        return tree
    normalised: exp.Expr = ddl.normalise(tree.copy())
    return normalised


def rights_of_caller(access: Access) -> TableAccess | None:
    email = caller.get()
    # A new object for each check: its cached decisions must not outlive a change of a policy.
    return TableAccess(access, email) if access.enforced(email) else None


def with_check(statement: Callable[..., Any], check: Callable[..., Any]) -> Callable[..., Any]:
    """The whole statement before it is divided: of MERGE only parts are translated."""

    def checked(cursor: Any, tree: exp.Expr, context: Any, *more: Any) -> Any:
        check(tree, context)
        token = checked_as_a_whole.set(True)
        try:
            return statement(cursor, tree, context, *more)
        finally:
            checked_as_a_whole.reset(token)

    return checked


def with_destination(execute: Callable[..., Any], access: Access) -> Callable[..., Any]:
    def checked(cursor: Any, project: str, job: str | None, config: Any, *more: Any, **named: Any) -> Any:
        if (rights := rights_of_caller(access)) and config.destinationTable:
            rights.check_write(reference(config.destinationTable))
        return execute(cursor, project, job, config, *more, **named)

    return checked


def with_handler(
    handler: Callable[..., Any], access: Access, check: Callable[[TableAccess, Any], None]
) -> Callable[..., Any]:
    def checked(cursor: Any, config: Any, upload: str | None) -> Any:
        if rights := rights_of_caller(access):
            check(rights, config)
        return handler(cursor, config, upload)

    return checked


def check_load(rights: TableAccess, config: Any) -> None:
    """https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv: the table, and each file."""
    rights.check_write(reference(config.destinationTable))
    for uri in config.sourceUris or []:
        check_object(rights, OBJECT, uri)


def check_copy(rights: TableAccess, config: Any) -> None:
    for source in config.sourceTables or [config.sourceTable]:
        rights.require(READ, path(reference(source)))
    rights.check_write(reference(config.destinationTable))


def check_extract(rights: TableAccess, config: Any) -> None:
    rights.require(READ, path(reference(config.sourceTable)))
    for uri in config.destinationUris or [config.destinationUri]:
        check_object(rights, "storage.objects.create", uri)


def check_object(rights: TableAccess, permission: str, uri: str) -> None:
    """A pattern is resolved by listing the bucket."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    resource = f"b/{bucket}/o/{name}"
    if "*" in name and permission == OBJECT:
        check_object(rights, "storage.objects.list", f"gs://{bucket}/")
    if not rights.access.allowed(rights.caller, permission, f"{STORAGE}/{resource}"):
        message = storage_message(rights.caller, permission, resource)
        rights.deny(
            f"Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern. {message}"
        )


def reference(table: Any) -> tuple[str, str, str]:
    return table.projectId, table.datasetId, table.tableId
