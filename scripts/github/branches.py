"""A commit of some files on a branch, by the API: the checkout of a run has no credentials to push.

https://docs.github.com/en/rest/git. GitHub signs a commit of its own token.
"""

from collections.abc import Mapping

from scripts.github.client import GitHub, Json
from scripts.github.errors import Missing

REGULAR_FILE = "100644"


def write_branch(github: GitHub, branch: str, parent: str, files: Mapping[str, str], message: str) -> bool:
    """The branch becomes `parent` and one commit with the text of these paths; False if it is that already."""
    tree = create_tree(github, parent, files)
    current = read_branch(github, branch)
    if current and is_same(github, current, parent, tree):
        return False
    content = {"message": message, "tree": tree, "parents": [parent]}
    commit = str(github.send("POST", "git/commits", content)["sha"])
    if current:
        # By force: its only purpose is to be the newest proposal.
        github.send("PATCH", f"git/refs/heads/{branch}", {"sha": commit, "force": True})
    else:
        github.send("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
    return True


def create_tree(github: GitHub, parent: str, files: Mapping[str, str]) -> str:
    base = github.send("GET", f"git/commits/{parent}")["tree"]["sha"]
    entries = [
        {"path": path, "mode": REGULAR_FILE, "type": "blob", "sha": create_blob(github, text)}
        for path, text in sorted(files.items())
    ]
    return str(github.send("POST", "git/trees", {"base_tree": base, "tree": entries})["sha"])


def create_blob(github: GitHub, text: str) -> str:
    return str(github.send("POST", "git/blobs", {"content": text, "encoding": "utf-8"})["sha"])


def read_branch(github: GitHub, branch: str) -> str | None:
    """The hash of its commit; None if it does not exist."""
    try:
        return str(github.send("GET", f"git/ref/heads/{branch}")["object"]["sha"])
    except Missing:
        return None


def is_same(github: GitHub, current: str, parent: str, tree: str) -> bool:
    commit: Json = github.send("GET", f"git/commits/{current}")
    return commit["tree"]["sha"] == tree and [each["sha"] for each in commit["parents"]] == [parent]
