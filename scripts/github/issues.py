"""One issue of an environment while the cloud differs from the code.

The marker states whether the drift lasts. A closed issue whose marker states that it does was closed by a person: it is
opened again while there is drift. One that the workflow closed is not: the next drift is another issue.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.github.bodies import compose, has_marker
from scripts.github.client import AUTHOR, GitHub, Json
from scripts.github.errors import NotCompared
from scripts.github.settings import Settings

RUNBOOK = "docs/runbooks/drift.md"


@dataclass(frozen=True)
class Drift:
    """`changes`: how many resources differ; `summary`: the plan as Markdown."""

    env: str
    changes: int
    summary: str

    @classmethod
    def read(cls, env: str, path: Path) -> "Drift":
        """From the file of `scripts.deploy drift --json`; NotCompared without a usable one."""
        try:
            content: dict[str, Any] = json.loads(path.read_text())
            drift = cls(str(content["env"]), int(content["changes"]), str(content["summary"]))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise NotCompared(
                f"{path} has no result, so the issue of {env} stays as it is. The log of the job that compares {env} "
                "states why it failed."
            ) from error
        if drift.env != env:
            raise NotCompared(f"{path} is the result of {drift.env}, not of {env}; no issue was changed.")
        return drift


def update_issue(github: GitHub, drift: Drift) -> str:
    """Open, update or close; a sentence about what was done. Repeated after a transient error."""
    return github.until_done(lambda: settle(github, drift))


def settle(github: GitHub, drift: Drift) -> str:
    issues = find(github, drift.env)
    if not drift.changes:
        for issue in issues:
            conclude(github, drift.env, issue, "The cloud equals the code again", "completed")
        return f"{drift.env} does not differ from the code; {len(issues)} issues were closed"
    content = {"title": title(drift), "body": body(drift, github.settings)}
    if not issues:
        github.send("POST", "issues", content)
        issues = find(github, drift.env)  # another run may have opened one at the same time
    # All runs keep the oldest, so that they agree.
    first, *others = issues
    github.send("PATCH", f"issues/{first['number']}", content | {"state": "open"})
    for other in others:
        conclude(github, drift.env, other, f"The same as #{first['number']}", "not_planned")
    return f"{drift.env} differs from the code: {first['html_url']}"


def find(github: GitHub, env: str) -> list[Json]:
    """Issues of this drift by age, also those that a person closed."""
    # The author cannot be changed by hand, unlike a label.
    issues = github.list("issues", {"creator": AUTHOR, "state": "all"})
    matching = [each for each in issues if is_ours(each, env)]
    return sorted(matching, key=lambda issue: int(issue["number"]))


def is_ours(issue: Json, env: str) -> bool:
    """GitHub lists pull requests as issues, too."""
    author = (issue["user"] or {}).get("login")
    return author == AUTHOR and "pull_request" not in issue and has_marker(issue["body"], lasting(env))


def conclude(github: GitHub, env: str, issue: Json, reason: str, state_reason: str) -> None:
    """Close it, with a marker that later runs do not find."""
    head = f"{reason}, by [this run]({github.settings.run_url}). Before:"
    before = str(issue["body"]).partition("\n")[2]
    content = {"body": compose(gone(env), head, [before], github.settings.run_url), "state": "closed"}
    github.send("PATCH", f"issues/{issue['number']}", content | {"state_reason": state_reason})


def title(drift: Drift) -> str:
    return f"{drift.env} differs from the code: {drift.changes} resources"


def body(drift: Drift, settings: Settings) -> str:
    head = (
        f"An apply would change {drift.env}, although no commit did. [What to do]({settings.document_url(RUNBOOK)}). "
        f"Compared by [this run]({settings.run_url}); each run replaces this text, and closes the issue when the "
        "difference is gone. Comments stay."
    )
    return compose(lasting(drift.env), head, [drift.summary], settings.run_url)


def lasting(env: str) -> str:
    return f"drift of {env}"


def gone(env: str) -> str:
    return f"drift of {env}, gone"
