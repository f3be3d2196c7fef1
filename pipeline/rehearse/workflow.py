"""Dataform: the actions of a compilation result, and runs of it as the identity of the rehearsal."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from google.cloud import dataform_v1 as api

from pipeline.dataform import REQUEST_TIMEOUT_SECONDS, DataformRunner
from pipeline.errors import NotReleased, Unavailable
from pipeline.rehearse.models import Model, read_models
from runtime.google_errors import CLIENT_ERRORS


class Client(Protocol):
    """google.cloud.dataform_v1.DataformClient."""

    def query_compilation_result_actions(
        self, request: Any, *, timeout: float
    ) -> Iterable[api.CompilationResultAction]: ...
    def cancel_workflow_invocation(self, request: Any, *, timeout: float) -> Any: ...


@dataclass
class Workflow:
    """`active`: the invocation that is running, or ""."""

    client: Client
    runner: DataformRunner
    active: str = ""

    def models(self, result: str) -> dict[str, Model]:
        try:
            return read_models(
                self.client.query_compilation_result_actions(
                    {"name": result}, timeout=REQUEST_TIMEOUT_SECONDS
                )
            )
        except CLIENT_ERRORS as error:
            raise Unavailable(f"could not read the actions of {result}: {error}") from error

    def live_models(self) -> dict[str, Model]:
        """Nothing before the first release."""
        try:
            return self.models(self.runner.released_result())
        except NotReleased:
            return {}

    def run(self, result: str, targets: Iterable[api.Target], *, full_refresh: bool) -> None:
        """WorkflowFailed lists the actions that failed."""
        config = api.InvocationConfig(
            included_targets=list(targets),
            fully_refresh_incremental_tables_enabled=full_refresh,
            service_account=self.runner.service_account,
        )
        self.active = self.runner.start(result, config)
        self.runner.wait(self.active, result)
        self.active = ""

    def cancel(self) -> None:
        """End what this process started and did not wait for; an invocation that has ended cannot be cancelled."""
        if self.active:
            with suppress(*CLIENT_ERRORS):
                self.client.cancel_workflow_invocation({"name": self.active}, timeout=REQUEST_TIMEOUT_SECONDS)
