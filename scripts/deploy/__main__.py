"""python -m scripts.deploy plan|apply|destroy|output --env local|dev|prod [--yes]"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError, NotConfirmed
from scripts.deploy.summary import lines
from scripts.deploy.terraform import Terraform


def main() -> None:
    arguments = parser().parse_args()
    try:
        run(arguments)
    except DeployError as error:
        sys.exit(f"deploy: {error}")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m scripts.deploy", description="Terraform for one environment."
    )
    add = top.add_argument
    add("command", choices=["plan", "apply", "destroy", "output"])
    add("--env", required=True, help="environments/<env>.tfvars, and the workspace of that name")
    add(
        "--target",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="this and what it needs; may be repeated",
    )
    add("--yes", action="store_true", help="apply the plan without asking")
    return top


def run(arguments: argparse.Namespace) -> None:
    environment = Environment.find(arguments.env)
    terraform = Terraform(environment)
    terraform.init()
    if arguments.command == "output":
        print(json.dumps(terraform.outputs(), indent=2))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "plan")  # it holds the variables, so it does not stay
        destroy = arguments.command == "destroy"
        plan = terraform.plan(path, destroy=destroy, targets=arguments.target)
        print(f"\n{environment.name}, project {environment.project}:", *lines(plan), sep="\n")
        if arguments.command != "plan" and plan["applyable"]:
            confirm(environment, asked=not arguments.yes)
            terraform.apply(path)


def confirm(environment: Environment, *, asked: bool) -> None:
    """NotConfirmed unless the person types the environment's name."""
    if not asked:
        return
    try:
        answer = input(f"Type {environment.name} to go on: ")
    except EOFError:
        answer = ""
    if answer.strip() != environment.name:
        raise NotConfirmed(f"nothing was changed in {environment.name}; --yes goes on without asking")


if __name__ == "__main__":
    main()
