"""Whether what would be deployed is what Git knows."""

import subprocess
from pathlib import Path

from scripts.deploy.errors import DirtyCheckout

SHOWN = 5


def check_clean(folder: Path, env: str) -> None:
    """DirtyCheckout unless the repository around `folder` holds its last commit and nothing else."""
    done = subprocess.run(
        ["git", "-C", str(folder), "status", "--porcelain"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DirtyCheckout(
            f"{folder} is in no Git repository, so nobody could say later what {env} was made of. "
            "Deploy it from a clone."
        )
    changed = done.stdout.splitlines()
    if changed:
        more = f"\n  and {len(changed) - SHOWN} more" if changed[SHOWN:] else ""
        raise DirtyCheckout(
            f"{env} is deployed from a commit, and this differs from the last one:\n"
            + "\n".join(f"  {line}" for line in changed[:SHOWN])
            + f"{more}\nCommit it, put it aside with `git stash -u`, or deploy from a clean copy: "
            "git worktree add ../clean HEAD"
        )
