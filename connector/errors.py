"""What can go wrong, and who can heal it.

ConnectorError
├── UsageError            the person who typed the command
├── DeclarationError      who wrote connector/sources/*.yaml or connector/schemas/*.json
├── SettingsError         who deployed the job: Terraform, or the environment of a shell
├── SourceError           the API that is copied
│   ├── SourceRefused     it said no, and will say no again: key, path, parameter
│   │   ├── ChainBroken   it no longer knows the way to the next page that it gave; the next run begins anew
│   │   └── KeyRefused    it does not let a key in
│   ├── SourceUnavailable it did not answer in spite of every try; the next run goes on where this one stopped
│   └── SourceGarbled     it answered, but not with a page of items
├── LeaseHeld             nobody: another run of the endpoint is going
├── LeaseLost             nobody: another process took the run over, because this one was silent for too long
├── BucketError           Cloud Storage, or the grants on the bucket
├── LoadError             BigQuery; the files wait in processing/ for the next run
│   └── DataRefused       the source: BigQuery read the files and will never take them
├── NotFound              a file asked for by name that is nowhere in the bucket
├── NoKey                 a person, with a key from the source: no version of the secret opens it
├── SecretError           Secret Manager; what became of the request is not known
│   └── SecretRefused     the grants on the secret, or its state; nothing was changed
├── SubscriptionError     Pub/Sub, or the grants on the subscription
└── Unfinished            the run ended, and something is missing: files in failed/, or rows that never came
"""


class ConnectorError(Exception):
    """Ends the program with `exit_code` and its sentence, which names the thing, the value and the way
    out."""

    exit_code = 1


class UsageError(ConnectorError):
    exit_code = 2


class DeclarationError(ConnectorError):
    exit_code = 2


class SettingsError(ConnectorError):
    exit_code = 2


class SourceError(ConnectorError):
    pass


class SourceRefused(SourceError):
    """`status`: the HTTP status, where one came."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class ChainBroken(SourceRefused):
    pass


class KeyRefused(SourceRefused):
    pass


class SourceUnavailable(SourceError):
    """`retry_after`: seconds that the source asks to wait, where it does."""

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class SourceGarbled(SourceError):
    pass


class LeaseHeld(ConnectorError):
    """EX_TEMPFAIL of sysexits.h: try again later."""

    exit_code = 75


class LeaseLost(ConnectorError):
    exit_code = 75


class BucketError(ConnectorError):
    pass


class LoadError(ConnectorError):
    pass


class DataRefused(LoadError):
    """`messages` are BigQuery's own; some name the file."""

    def __init__(self, sentence: str, messages: list[str]) -> None:
        super().__init__(sentence)
        self.messages = messages


class NotFound(ConnectorError):
    exit_code = 2


class NoKey(ConnectorError):
    pass


class SecretError(ConnectorError):
    pass


class SecretRefused(SecretError):
    pass


class SubscriptionError(ConnectorError):
    pass


class Unfinished(ConnectorError):
    pass
