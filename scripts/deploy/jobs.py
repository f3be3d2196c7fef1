"""Cloud Run jobs as they are now."""

import os
from typing import Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import NotFound
from google.cloud import run_v2

from runtime.credentials import default_credentials
from runtime.errors import SettingsError
from runtime.google_errors import CLIENT_ERRORS
from runtime.settings import read_endpoint
from scripts.deploy.errors import NoCredentials, UnreadableJob


def create_jobs_client() -> run_v2.JobsClient:
    """Over REST, as an endpoint can be any address; NoCredentials without a login."""
    return run_v2.JobsClient(**connection())


def create_executions_client() -> run_v2.ExecutionsClient:
    return run_v2.ExecutionsClient(**connection())


def connection() -> dict[str, Any]:
    options = ClientOptions(api_endpoint=read_endpoint(os.environ, "run"))
    try:
        return {"credentials": default_credentials(), "transport": "rest", "client_options": options}
    except SettingsError as error:
        raise NoCredentials(str(error)) from error


def read_image(job: str) -> str | None:
    """The image of a job (projects/…/jobs/…); None if it does not exist. UnreadableJob if it cannot be read."""
    try:
        resource = create_jobs_client().get_job(name=job)
    except NotFound:
        return None
    except CLIENT_ERRORS as error:
        raise UnreadableJob(
            f"could not read {job}, so its image could not be compared with the plan; nothing was changed: {error}"
        ) from error
    return str(resource.template.template.containers[0].image)
