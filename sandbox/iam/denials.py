"""Google's responses to a request without a permission; their wording is that of public reports.

storage     https://github.com/spaceml-org/STARCOP/issues/6, apache/pinot#11655 (the bucket),
            Superbalist/laravel-google-cloud-storage#14 (the form)
BigQuery    https://github.com/kubernetes/k8s.io/issues/2729 (the project), mozilla/bigquery-etl#4681 (a dataset,
            the form), stanford-esrg/LEO_HitchHiking#2 (a query)
secrets     https://github.com/googleapis/python-secret-manager/issues/389
The wording of all others is unverified: see docs/reference/traps.md.
"""

from typing import Any

from sandbox.resources.errors import GoogleError, PermissionDenied


class BigQueryDenied(GoogleError):
    """With the list of errors that BigQuery's clients read."""

    code = 403
    status = "PERMISSION_DENIED"

    def body(self) -> dict[str, Any]:
        error = {"message": str(self), "domain": "global", "reason": "accessDenied"}
        return {"error": {"code": self.code, "message": str(self), "errors": [error], "status": self.status}}


def denial(permission: str, resource: str) -> GoogleError:
    """`resource`: its name, with the id of the project."""
    service = permission.split(".")[0]
    if service == "bigquery":
        return BigQueryDenied(bigquery_message(permission, resource))
    preposition = "for" if service == "secretmanager" else "on"
    return PermissionDenied(
        f"Permission '{permission}' denied {preposition} resource '{resource}' (or it may not exist)."
    )


def bigquery_message(permission: str, resource: str) -> str:
    match resource.split("/"):
        case ["projects", project, "datasets", dataset]:
            kind, label = "dataset", f"{project}:{dataset}"
        case ["projects", project, "datasets", dataset, _, name, *_]:
            kind, label = "table", f"{project}:{dataset}.{name}"
        case [_, project, *_]:
            return (
                f"Access Denied: Project {project}: User does not have {permission} permission in project "
                f"{project}."
            )
        case _:
            kind, label = "resource", resource
    return (
        f"Access Denied: {kind.capitalize()} {label}: Permission {permission} denied on {kind} {label} "
        "(or it may not exist)."
    )


def query_message(project: str, dataset: str, table: str) -> str:
    """For a table that a query reads."""
    label = f"{project}:{dataset}.{table}"
    return (
        f"Access Denied: Table {label}: User does not have permission to query table {label}, "
        "or perhaps it does not exist."
    )


def storage_message(email: str, permission: str, resource: str) -> str:
    """`resource`: b/bucket or b/bucket/o/name."""
    kind = "object" if permission.startswith("storage.objects.") and "/o/" in resource else "bucket"
    return (
        f"{email} does not have {permission} access to the Google Cloud Storage {kind}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )
