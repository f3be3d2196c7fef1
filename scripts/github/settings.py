"""Where a run of GitHub Actions is, and its token.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scripts.github.errors import InvalidSettings

NAMES = (
    "GITHUB_API_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID",
    "GITHUB_SERVER_URL",
    "GITHUB_SHA",
    "GITHUB_TOKEN",
)


@dataclass(frozen=True)
class Settings:
    """`repository` is owner/name, `commit` the one that the run checked out."""

    api_url: str
    server_url: str
    repository: str
    run: str
    commit: str
    token: str = field(repr=False)

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    @property
    def run_url(self) -> str:
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run}"

    def document_url(self, path: str) -> str:
        return f"{self.server_url}/{self.repository}/blob/HEAD/{path}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """InvalidSettings lists every missing variable at once."""
    missing = [name for name in NAMES if not environ.get(name)]
    if missing:
        raise InvalidSettings(
            f"missing environment variables: {', '.join(missing)}. GitHub sets them in a run; GITHUB_TOKEN is set by "
            "the step: env: GITHUB_TOKEN: ${{ github.token }}"
        )
    return Settings(
        environ["GITHUB_API_URL"].rstrip("/"),
        environ["GITHUB_SERVER_URL"].rstrip("/"),
        environ["GITHUB_REPOSITORY"],
        environ["GITHUB_RUN_ID"],
        environ["GITHUB_SHA"],
        environ["GITHUB_TOKEN"],
    )
