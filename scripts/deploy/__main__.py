"""python -m scripts.deploy plan|apply|destroy|drift|output --env local|dev|prod"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from scripts.deploy.checkout import check_clean
from scripts.deploy.environment import Environment
from scripts.deploy.errors import DeployError, NotConfirmed
from scripts.deploy.plan import Plan
from scripts.deploy.summary import lines
from scripts.deploy.terraform import Terraform

DRIFTED = 2


def main() -> None:
    arguments = parser().parse_args()
    try:
        sys.exit(run(arguments))
    except DeployError as error:
        sys.exit(f"deploy: {error}")


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit code 1: argparse's own 2 would say that the cloud has drifted."""
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="python -m scripts.deploy", description="Terraform for one environment.")
    commands = top.add_subparsers(dest="command", required=True)
    helps = {
        "plan": "what apply would do",
        "apply": "show the plan, ask, and do exactly that",
        "destroy": "show what would go, ask, and let it go",
        "drift": f"exit code {DRIFTED} and the list when the cloud is not as the code says",
        "output": "the outputs, as JSON",
    }
    add = {name: commands.add_parser(name, help=text).add_argument for name, text in helps.items()}
    for one in add.values():
        one("--env", required=True, help="environments/<env>.tfvars, and the workspace of that name")
    for name in ("plan", "apply", "destroy"):
        add[name]("--target", action="append", default=[], metavar="ADDRESS", help="this and what it needs")
    for name in ("apply", "destroy"):
        add[name]("--yes", action="store_true", help="without asking")
    add["plan"]("--out", type=Path, metavar="FILE", help="keep the plan, for apply --plan")
    add["apply"]("--plan", type=Path, metavar="FILE", help="apply a plan that was kept")
    return top


def run(arguments: argparse.Namespace) -> int:
    environment = Environment.find(arguments.env)
    changing = arguments.command in ("apply", "destroy")
    if changing and environment.protected:
        check_clean(environment.folder, environment.name)
    terraform = Terraform(environment)
    terraform.init()
    if arguments.command == "output":
        print(json.dumps(terraform.outputs(), indent=2))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        plan = planned(terraform, arguments, Path(folder, "plan"))  # it holds the variables: it does not stay
        print(f"{environment.name}, project {environment.project}:", *spoken(plan), sep="\n")
        if changing and plan.applyable:
            plan.check_protection()
            confirm(environment, asked=not arguments.yes)
            terraform.apply(plan)
    return DRIFTED if arguments.command == "drift" and plan.changes else 0


def planned(terraform: Terraform, arguments: argparse.Namespace, path: Path) -> Plan:
    """The plan that was asked for, or that was kept."""
    kept: Path | None = getattr(arguments, "plan", None)
    if kept:
        return terraform.read(kept.resolve())
    out: Path = getattr(arguments, "out", None) or path
    destroy, targets = arguments.command == "destroy", getattr(arguments, "target", [])
    return terraform.plan(out.resolve(), destroy=destroy, targets=targets)


def spoken(plan: Plan) -> list[str]:
    return lines(plan, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


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
