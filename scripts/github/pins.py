"""One pull request with new pins of requirements/*.txt; none while nothing changed."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from scripts.github.bodies import compose
from scripts.github.branches import write_branch
from scripts.github.client import GitHub, Json
from scripts.github.errors import GitHubError, Rejected

# A run's token may not change workflows, and nothing else is pinned by `make lock`.
PATHS = "requirements/*.txt"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
TITLE = "Refresh the pins of packages"
HEAD = """`make lock` with versions that are at least seven days old.

GitHub starts no checks for a pull request of a run's own token: close and reopen this one to start them."""

# A version that was pinned by hand may be younger than seven days.
OLDER = "Older than before: {names}. If the newer version has a correction, do not merge this before it is a week old."


@dataclass(frozen=True)
class File:
    """A changed file: its path in the repository, its text in the last commit and now."""

    path: str
    before: str
    after: str


def read_changes(root: Path) -> list[File]:
    names = git(root, "diff", "--name-only", "HEAD", "--", PATHS).splitlines()
    return [File(name, git(root, "show", f"HEAD:{name}"), (root / name).read_text()) for name in names]


def propose(github: GitHub, files: list[File], base: str) -> str:
    """A sentence about what was done. Repeated after a transient error."""
    return github.until_done(lambda: settle(github, files, base))


def settle(github: GitHub, files: list[File], base: str) -> str:
    branch = f"pins/{base}"
    if not files:
        pulls = find(github, branch, base)
        for pull in pulls:
            github.send("PATCH", f"pulls/{pull['number']}", {"state": "closed"})
        return f"no pin changed; {len(pulls)} pull requests were closed"
    written = write_branch(
        github, branch, github.settings.commit, {file.path: file.after for file in files}, TITLE
    )
    pull = create_or_update(github, files, branch, base)
    return f"{'updated' if written else 'unchanged'}: {pull['html_url']}"


def create_or_update(github: GitHub, files: list[File], branch: str, base: str) -> Json:
    content = {"title": TITLE, "body": body(github, files, branch)}
    pulls = find(github, branch, base)
    if not pulls:
        try:
            created: Json = github.send("POST", "pulls", content | {"head": branch, "base": base})
            return created
        except Rejected:
            pulls = find(github, branch, base)  # another run created it: GitHub accepts one of a branch
            if not pulls:
                raise
    updated: Json = github.send("PATCH", f"pulls/{pulls[0]['number']}", content)
    return updated


def find(github: GitHub, branch: str, base: str) -> list[Json]:
    head = f"{github.settings.owner}:{branch}"
    return list(github.list("pulls", {"state": "open", "head": head, "base": base}))


def body(github: GitHub, files: list[File], branch: str) -> str:
    sections = [f"## {file.path}\n\n{table(read_pins(file.before), read_pins(file.after))}" for file in files]
    return compose(branch, HEAD, sections, github.settings.run_url)


def read_pins(text: str) -> dict[str, str]:
    return dict(PIN.findall(text))


def table(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    older = [name for name in names if is_older(after.get(name), before.get(name))]
    rows = [
        f"| {name} | {before.get(name, 'new')} | {after.get(name, 'removed')}{', **older**' * (name in older)} |"
        for name in names
    ]
    if not rows:
        return "No version changed, only hashes or markers."
    warning = [f"{OLDER.format(names=', '.join(older))}\n"] if older else []
    return "\n".join([*warning, "| package | before | after |", "|---|---|---|", *rows])


def is_older(after: str | None, before: str | None) -> bool:
    return after is not None and before is not None and Version(after) < Version(before)


def git(root: Path, *arguments: str) -> str:
    """Git's output; GitHubError if it fails."""
    command = ["git", "-C", str(root), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise GitHubError(f"git {' '.join(arguments)} failed in {root}: {result.stderr.strip()}")
    return result.stdout
