"""One comment of an environment on a pull request, updated in place."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scripts.github.bodies import compose, has_marker
from scripts.github.client import AUTHOR, GitHub, Json
from scripts.github.errors import Missing
from scripts.github.settings import Settings


def comment_body(env: str, files: Sequence[Path], settings: Settings, commit: str) -> str:
    head = f"# {env}\n\nWhat commit {commit} would change, by [this run]({settings.run_url})."
    return compose(subject(env), head, [read_section(path) for path in files], settings.run_url)


def read_section(path: Path) -> str:
    """The summary that a command wrote, or that it wrote none: an old one must not stay in its place."""
    if path.is_file() and (text := path.read_text().strip()):
        return text
    return f"## {path.stem}\n\n**Not available**: its job failed, was skipped or was cancelled before it wrote this."


def update_comment(github: GitHub, number: int, env: str, body: str) -> str:
    """Create the comment or replace its text; the comment's address. Repeated after a transient error."""
    return github.until_done(lambda: settle(github, number, env, body))


def settle(github: GitHub, number: int, env: str, body: str) -> str:
    comments = find(github, number, env)
    if not comments:
        github.send("POST", f"issues/{number}/comments", {"body": body})
        comments = find(github, number, env)  # another run may have created one at the same time
    # All runs keep the oldest, so that they agree.
    first, *others = comments
    if first["body"] != body:
        github.send("PATCH", f"issues/comments/{first['id']}", {"body": body})
    for other in others:
        delete(github, other)
    return str(first["html_url"])


def find(github: GitHub, number: int, env: str) -> list[Json]:
    """By age. More than one only if two runs met."""
    comments = github.list(f"issues/{number}/comments")
    matching = [each for each in comments if is_ours(each, env)]
    return sorted(matching, key=lambda comment: int(comment["id"]))


def is_ours(comment: Json, env: str) -> bool:
    return (comment["user"] or {}).get("login") == AUTHOR and has_marker(comment["body"], subject(env))


def delete(github: GitHub, comment: Json) -> None:
    with suppress(Missing):  # the other run was faster
        github.send("DELETE", f"issues/comments/{comment['id']}")


def subject(env: str) -> str:
    return f"checks of {env}"
