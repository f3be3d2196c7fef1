"""python -m scripts.github comment|issue|pins, in a run of GitHub Actions.

Each command reads the repository, the run and the token from the variables of the run (scripts/github/settings.py).
"""

import argparse
import os
import sys
from pathlib import Path

from runtime.http_session import open_session
from scripts.exits import exit_with_message
from scripts.github.client import GitHub
from scripts.github.comments import comment_body, update_comment
from scripts.github.errors import GitHubError
from scripts.github.issues import Drift, update_issue
from scripts.github.pins import propose, read_changes
from scripts.github.settings import read_settings


@exit_with_message("github", "Run the command again.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        settings = read_settings(os.environ)
        with open_session(connections=1) as session:
            print(run(arguments, GitHub(session, settings)))
    except GitHubError as error:
        sys.exit(f"github: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.github", description="Report to GitHub.")
    commands = parser.add_subparsers(dest="command", required=True)
    comment = commands.add_parser("comment", help="one comment of an environment on a pull request")
    comment.add_argument("--env", required=True, help="the environment that the comment is about")
    comment.add_argument("--pull-request", required=True, type=int, metavar="NUMBER", help="where it is")
    comment.add_argument("--commit", required=True, help="the head of the pull request")
    comment.add_argument("summaries", nargs="+", type=Path, help="files of --summary of the other commands")
    issue = commands.add_parser("issue", help="one issue of an environment while it differs from the code")
    issue.add_argument("--env", required=True, help="the environment that was compared")
    issue.add_argument(
        "--drift", required=True, type=Path, metavar="FILE", help="of scripts.deploy drift --json"
    )
    pins = commands.add_parser("pins", help="one pull request with changed files requirements/*.txt")
    pins.add_argument(
        "--base", required=True, help="the branch that is checked out, and that it is merged into"
    )
    return parser


def run(arguments: argparse.Namespace, github: GitHub) -> str:
    """A sentence about what was done."""
    if arguments.command == "comment":
        body = comment_body(arguments.env, arguments.summaries, github.settings, arguments.commit)
        return update_comment(github, arguments.pull_request, arguments.env, body)
    if arguments.command == "issue":
        return update_issue(github, Drift.read(arguments.env, arguments.drift))
    return propose(github, read_changes(Path.cwd()), arguments.base)


if __name__ == "__main__":
    main()
