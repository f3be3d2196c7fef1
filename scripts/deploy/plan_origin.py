"""The commit that a saved plan was made of: the comment of its file, a zip archive, which Terraform does not read.

Without it a plan of one commit could be applied beside the images and the SQL of another, as one release.
"""

import zipfile
from pathlib import Path

from scripts.deploy.checkout import describe_commit
from scripts.deploy.errors import WrongPlan

MARK = b"commit "


def write_origin(path: Path, folder: Path) -> None:
    """`folder` is in the checkout that the plan was made of."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = MARK + describe_commit(folder).encode()


def check_origin(path: Path, folder: Path, env: str) -> None:
    """WrongPlan if it is not a whole plan, or one of another commit than that of the checkout around `folder`."""
    remedy = f"Make a new one: python -m scripts.deploy plan --env {env} --out {path}"
    try:
        with zipfile.ZipFile(path) as archive:
            comment = archive.comment
    except FileNotFoundError as error:
        raise WrongPlan(f"plan file {path} does not exist; nothing was changed. {remedy}") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise WrongPlan(
            f"{path} is not a saved plan, or only a part of one: {error}; nothing was changed. {remedy}"
        ) from error
    planned, here = comment.removeprefix(MARK).decode(), describe_commit(folder)
    # A plan of `terraform plan` has no mark: the person who applies it knows its commit.
    if comment.startswith(MARK) and planned != here:
        raise WrongPlan(
            f"{path} is a plan of commit {planned or 'unknown'}, and this checkout is {here or 'not in Git'}; "
            f"nothing was changed. Apply it from its commit, or: {remedy.removeprefix('Make a new one: ')}"
        )
