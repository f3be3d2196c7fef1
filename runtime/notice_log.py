"""ops.notice_log, which two jobs write: sheets-sync for its exports, the report for its mail. Append-only."""

from datetime import timedelta
from typing import Literal

NOTICE_LOG = "ops.notice_log"
# From the first attempt. A later notice would describe a state that is long past.
RETRY_PERIOD = timedelta(days=3)

# Persisted. failed: is sent again. rejected: the receiver will never accept it. untold: an incident that the
# export declares no notification for. collected: a change that waits for the next digest.
type NoticeState = Literal["due", "delivered", "failed", "rejected", "untold", "collected"]
