"""python -m scripts.images --env ENV --out FILE | --build-only: build and push the image of each package.

FILE is JSON of the images by digest, for scripts.rollout. The tag release-<commit> keeps them from the registry's
clean-up (modules/registry).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from runtime.credentials import default_credentials
from runtime.errors import SettingsError
from scripts.delivery.images import JOBS
from scripts.deploy.checkout import check_clean
from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError
from scripts.deploy.terraform import Terraform
from scripts.exits import exit_with_message, write_file
from scripts.images import ImagesError

ROOT = Path(__file__).parents[2]
# https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file
DIGEST = "containerimage.digest"


@exit_with_message("images", "Run the command again: it builds all images, and docker reuses what it has.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        if arguments.build_only:
            for package in JOBS:
                docker("build", *build_arguments(package))
        else:
            # First of all: the tag names a commit, and the build would take the files as they are.
            check_clean(ROOT, "an image")
            images = push_all(read_registry(arguments.env))
            write_file(arguments.out, json.dumps(images, indent=2))
            if arguments.checksums:
                write_file(arguments.checksums, format_checksums(images.values()))
            print(*images.values(), sep="\n")
    except (ImagesError, DeployError, SettingsError, GoogleAuthError, requests.RequestException) as error:
        sys.exit(f"images: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.images", description="Build and push images.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--env", help="push to the registry of this environment")
    what.add_argument("--build-only", action="store_true", help="build, and push nothing")
    parser.add_argument("--out", type=Path, default=Path("images.json"), help="default: %(default)s")
    parser.add_argument(
        "--checksums",
        type=Path,
        metavar="FILE",
        help="write digests and names as sha256sum does, to attest them",
    )
    return parser


def format_checksums(images: Iterable[str]) -> str:
    """A line `hash  name` for each image NAME@sha256:HASH."""
    pairs = (image.split("@sha256:") for image in images)
    return "".join(f"{digest}  {name}\n" for name, digest in pairs)


def read_registry(env: str) -> str:
    """The registry's address, host/project/repository; ImagesError before the first apply."""
    terraform = Terraform(Environment.load(env))
    terraform.init()
    registry = terraform.outputs().get("registry")
    if not registry:
        raise ImagesError(f"{env} is not deployed; run python -m scripts.deploy apply --env {env} first")
    return str(registry)


def push_all(registry: str) -> dict[str, str]:
    """Images by package, each with its digest."""
    log_in(registry.partition("/")[0])
    # The registry's clean-up keeps images with this prefix.
    tag = f"release-{commit()}"
    return {package: push(registry, package, tag) for package in JOBS}


def push(registry: str, package: str, tag: str) -> str:
    """Build and push one image; its name with the digest. ImagesError if docker fails or reports no digest."""
    name = f"{registry}/{package.replace('_', '-')}"
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder, "metadata.json")
        options = ("--push", "--tag", f"{name}:{tag}", "--metadata-file", str(metadata))
        # Only buildx writes the digest to a file.
        docker("buildx", "build", *options, *build_arguments(package))
        digest = json.loads(metadata.read_text()).get(DIGEST) if metadata.is_file() else None
    if not digest:
        raise ImagesError(f"docker returned no digest for {name}:{tag}; is buildx installed?")
    return f"{name}@{digest}"


def build_arguments(package: str) -> tuple[str, ...]:
    return ("--build-arg", f"JOB={package}", str(ROOT))


def log_in(host: str) -> None:
    """With a token of an hour: https://cloud.google.com/artifact-registry/docs/docker/authentication#token"""
    credentials = default_credentials()
    credentials.refresh(Request())  # type: ignore[no-untyped-call]
    docker(
        "login",
        "--username",
        "oauth2accesstoken",
        # Not as an argument, which every process of the machine can read.
        "--password-stdin",
        f"https://{host}",
        text=credentials.token,
    )


def commit() -> str:
    """The full hash of HEAD; ImagesError outside of Git."""
    result = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise ImagesError(f"{ROOT} is not in a Git repository, so the images could not be traced to a commit")
    return result.stdout.strip()


def docker(*arguments: str, text: str | None = None) -> None:
    """Run docker with `text` as standard input; ImagesError if it fails or is not installed."""
    try:
        result = subprocess.run(["docker", *arguments], input=text, text=True, check=False)
    except OSError as error:
        raise ImagesError("docker is not on the PATH; images are built on a machine that has it") from error
    if result.returncode:
        raise ImagesError(f"docker {arguments[0]} failed; its output is above")


if __name__ == "__main__":
    main()
