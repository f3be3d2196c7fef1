"""Settings of a job: environment variables, which Terraform sets on the Run job."""

from collections.abc import Iterable, Mapping

from runtime.errors import SettingsError


def read_required(environ: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """The values of `names`; SettingsError lists every missing or empty variable at once."""
    names = list(names)
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise SettingsError(
            f"missing environment variables: {', '.join(missing)}. Terraform sets them on the Run job; "
            "in a shell, export them."
        )
    return {name: environ[name] for name in names}


def read_endpoint(environ: Mapping[str, str], api: str) -> str:
    """Base URL of a Google API: `<API>_ENDPOINT`, or its public address. No slash at the end.

    `secret-manager` is SECRET_MANAGER_ENDPOINT, or https://secretmanager.googleapis.com.
    """
    variable = f"{api.replace('-', '_').upper()}_ENDPOINT"
    return (environ.get(variable) or f"https://{api.replace('-', '')}.googleapis.com").rstrip("/")
