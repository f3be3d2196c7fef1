"""Check that the deployed code is a Git commit of main, and that a provider lock file is part of it."""

import subprocess
from pathlib import Path

from scripts.deploy.errors import DirtyCheckout, NotMerged

MAIN = "origin/main"
MAX_LISTED = 5
LOCK_FILE = ".terraform.lock.hcl"
LOCK_COMMAND = (
    "terraform -chdir=environments providers lock -platform=linux_amd64 -platform=linux_arm64 "
    "-platform=darwin_arm64 -platform=windows_amd64 && git add -f environments/.terraform.lock.hcl"
)


def check_clean(folder: Path, what: str) -> None:
    """DirtyCheckout unless the repository around `folder` equals its last commit, from which `what` is deployed."""
    changed = list_changed(folder)
    if changed is None:
        raise DirtyCheckout(
            f"{folder} is not in a Git repository, so {what} could not be traced to a commit; nothing was changed. "
            "Deploy it from a clone."
        )
    if changed:
        more = f"\n  and {len(changed) - MAX_LISTED} more" if changed[MAX_LISTED:] else ""
        raise DirtyCheckout(
            f"{what} is deployed from a commit, but these files differ from the last one; nothing was changed:\n"
            + "\n".join(f"  {line}" for line in changed[:MAX_LISTED])
            + f"{more}\nCommit them, run `git stash -u`, or deploy from a clean copy: "
            "git worktree add ../clean HEAD"
        )


def check_merged(folder: Path, what: str) -> None:
    """NotMerged if the last commit is not on origin/main; a clone without that branch has nothing to compare with."""
    if run_git(folder, "rev-parse", "--verify", "--quiet", MAIN) is None:
        return
    if run_git(folder, "merge-base", "--is-ancestor", "HEAD", MAIN) is None:
        raise NotMerged(
            f"{what} is deployed from main, and commit {describe_commit(folder)[:12]} is not on {MAIN}; nothing was "
            f"changed. Merge it first, then: git fetch origin && git switch --detach {MAIN}"
        )


def describe_commit(folder: Path) -> str:
    """The hash of the last commit, with a mark if files differ from it; empty outside of Git."""
    commit = (run_git(folder, "rev-parse", "HEAD") or "").strip()
    return f"{commit} (dirty)" if commit and list_changed(folder) else commit


def list_changed(folder: Path) -> list[str] | None:
    """Lines of `git status`, without the files that CI itself writes; None outside of Git."""
    # --porcelain: the same format in every version and configuration of Git.
    status = run_git(folder, "status", "--porcelain")
    return None if status is None else [line for line in status.splitlines() if not is_ci_credentials(line)]


def is_ci_credentials(status_line: str) -> bool:
    """Untracked credentials that google-github-actions/auth writes into the checkout (auth#123)."""
    state, _, path = status_line.partition(" ")
    name = path.strip()
    return state == "??" and name.startswith("gha-creds-") and name.endswith(".json")


def missing_lock_file(folder: Path) -> str | None:
    """A warning with the remedy, if no provider lock file is committed; None if there is one.

    Without it two jobs of one deployment can download different builds of the provider. Its hashes come from
    the Terraform registry, so only a machine with access to it can write the file.
    """
    if run_git(folder, "ls-files", "--error-unmatch", LOCK_FILE) is not None:
        return None
    return f"warning: {LOCK_FILE} is not committed; provider downloads are not verified. Run: {LOCK_COMMAND}"


def run_git(folder: Path, *arguments: str) -> str | None:
    """Git's output; None if it fails."""
    command = ["git", "-C", str(folder), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else None
