"""Create the lease and the steps of one run. Imported late, because Google's clients take a second to import."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from pipeline import assembly, plan
from pipeline.jobs import make_execution_check, own_execution
from pipeline.polling import Poller
from pipeline.run import Run
from pipeline.run_record import RunRecord, RunRow
from pipeline.settings import Settings
from pipeline.termination import Termination
from pipeline.watch import Watch
from runtime.lease import PIPELINE, Lease
from runtime.structured_log import TRACE_FIELD, TRACE_VARIABLE, StructuredLog

LEASE_RENEW_SECONDS = 5.0  # without an answer of Cloud Run, a dead owner is noticed after 15 s


@dataclass(frozen=True)
class RunAssembly:
    """What the parts of one run of `schedule` share."""

    schedule: str
    settings: Settings
    clients: assembly.Clients
    log: StructuredLog
    terminating: Termination

    @property
    def run_id(self) -> str:
        """The trace of the run's log lines, so rows of ops lead to the lines and back."""
        return str(self.log.facts[TRACE_FIELD]).rpartition("/")[2]

    def lease(self) -> Lease[dict[str, str]]:
        return Lease(
            assembly.create_object_store(self.settings),
            PIPELINE,
            dict[str, str],
            holder=f"{self.schedule} {datetime.now(UTC).isoformat(timespec='seconds')}",
            execution=own_execution(os.environ, self.settings.location),
            has_ended=make_execution_check(self.clients.executions),
            renew_seconds=LEASE_RENEW_SECONDS,
        )

    def run(self, lease: Lease[dict[str, str]]) -> Run:
        connect = partial(assembly.BigQuery, self.settings)
        record = RunRecord(connect, self.log)
        poller = self.poller(lease)
        # Every job that is started logs under the trace of this run.
        environ = {TRACE_VARIABLE: self.run_id}
        prepare = assembly.create_preparation(self.settings, poller, self.run_id, self.log)
        actions = assembly.create_actions(
            self.settings, self.clients, poller, self.schedule, record, environ, prepare
        )
        start = assembly.create_rollback(self.settings, self.clients, poller, environ)
        watch = Watch(connect, start, self.settings.watched_runs, self.log)
        return Run(
            self.run_id,
            plan.build_plans(self.settings.endpoints),
            actions,
            self.log,
            time.monotonic,
            lambda: datetime.now(UTC),
            partial(self.finish, record, watch),
        )

    def poller(self, lease: Lease[dict[str, str]]) -> Poller:
        def check() -> None:
            self.terminating.check()
            # A run that was taken over must start no further step: the other run has started it already.
            lease.check()

        return Poller(self.terminating.wait, check)

    def finish(self, record: RunRecord, watch: Watch, row: RunRow) -> None:
        record.write(row)
        # A cancelled run does not judge the release: it has ten seconds to end.
        if not self.terminating.is_set():
            watch.judge(row, record.actions)
