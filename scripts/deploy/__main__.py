"""python -m scripts.deploy plan|apply|destroy|drift|output --env local|dev|prod"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from scripts.delivery.summary import add_summary, append_summary, format_summary
from scripts.deploy.checkout import check_clean, check_merged, missing_lock_file
from scripts.deploy.declarations import check_declarations
from scripts.deploy.environment import Environment
from scripts.deploy.errors import ApplyFailed, DeployError, NotConfirmed
from scripts.deploy.images import check_images
from scripts.deploy.jobs import read_image
from scripts.deploy.plan import Plan
from scripts.deploy.summary import format_plan
from scripts.deploy.terraform import MetricNotReady, Terraform
from scripts.exits import exit_with_message, write_file

EXIT_DRIFT = 2
METRIC_RETRIES = 11  # once a minute; Google documents up to ten minutes
METRIC_RETRY_SECONDS = 60.0


@exit_with_message("deploy", "Run the command again: it compares the cloud with the code anew.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        sys.exit(run(arguments))
    except DeployError as error:
        sys.exit(f"deploy: {error}")


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit code 1: argparse's own code 2 would mean drift."""
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\n")


def create_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m scripts.deploy", description="Terraform for one environment.")
    commands = parser.add_subparsers(dest="command", required=True)
    helps = {
        "plan": "show what apply would change",
        "apply": "show the plan, ask for confirmation, apply exactly that plan",
        "destroy": "show what would be destroyed, ask for confirmation, destroy it",
        "drift": f"exit code {EXIT_DRIFT} and a list when the cloud differs from the code",
        "output": "print the outputs as JSON",
    }
    add = {name: commands.add_parser(name, help=text).add_argument for name, text in helps.items()}
    for add_argument in add.values():
        add_argument("--env", required=True, help="environments/<env>.tfvars, and the workspace of that name")
    for name in ("plan", "apply", "destroy"):
        add[name]("--target", action="append", default=[], metavar="ADDRESS", help="this and what it needs")
    for name in ("apply", "destroy"):
        add[name]("--yes", action="store_true", help="do not ask for confirmation")
        add[name]("--confirm", metavar="TEXT", help="the text that would be typed at the prompt")
    add["plan"]("--out", type=Path, metavar="FILE", help="save the plan, for apply --plan")
    for name in ("plan", "drift"):
        add_summary(add[name], "plan")
    add["drift"](
        "--json", type=Path, metavar="FILE", help="write the result to a file, for scripts.github issue"
    )
    add["apply"]("--plan", type=Path, metavar="FILE", help="apply a saved plan")
    return parser


def run(arguments: argparse.Namespace) -> int:
    environment = Environment.load(arguments.env)
    is_changing = arguments.command in ("apply", "destroy")
    if is_changing and environment.protected:
        check_clean(environment.folder, environment.name)
        check_merged(environment.folder, environment.name)
    if is_changing and (warning := missing_lock_file(environment.folder)):
        print(warning, file=sys.stderr)
    if arguments.command in ("plan", "apply"):
        # Before Terraform: this needs neither credentials nor network.
        check_declarations()
    terraform = Terraform(environment)
    terraform.init()
    if arguments.command == "output":
        print(json.dumps(terraform.outputs(), indent=2))
        return 0
    with tempfile.TemporaryDirectory() as folder:  # temporary: a plan contains the values of variables
        plan = create_plan(terraform, arguments, Path(folder, "plan"))
        print_plan(environment, plan)
        write_results(arguments, environment, plan)
        if is_changing and plan.applyable:
            # Before the confirmation: a plan that will be refused need not be typed for.
            plan.check_protection()
            confirm(environment, plan, typed=arguments.confirm, ask=not arguments.yes)
            # After the confirmation, which may take minutes in which an image is delivered.
            check_images(plan, read_image)
            apply_with_retry(terraform, plan, Path(folder, "retry"), time.sleep)
    return EXIT_DRIFT if arguments.command == "drift" and plan.changes else 0


def apply_saved(env: str, path: Path) -> None:
    """Apply exactly a plan that was approved elsewhere; DeployError if it is stale or would revert an image."""
    environment = Environment.load(env)
    terraform = Terraform(environment)
    terraform.init()
    plan = terraform.load_plan(path.resolve())
    print_plan(environment, plan)
    if plan.applyable:
        plan.check_protection()
        check_images(plan, read_image)
        with tempfile.TemporaryDirectory() as folder:
            apply_with_retry(terraform, plan, Path(folder, "retry"), time.sleep)


def create_plan(terraform: Terraform, arguments: argparse.Namespace, path: Path) -> Plan:
    """A new plan, or the saved one of `--plan`."""
    saved: Path | None = getattr(arguments, "plan", None)
    if saved:
        return terraform.load_plan(saved.resolve())
    # Only `plan` can save a plan; the other commands use the temporary file.
    out: Path = getattr(arguments, "out", None) or path
    # Other commands have no --target.
    destroy, targets = arguments.command == "destroy", getattr(arguments, "target", [])
    # Absolute, because terraform runs in the folder of the environments.
    return terraform.plan(out.resolve(), destroy=destroy, targets=targets)


def print_plan(environment: Environment, plan: Plan) -> None:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(f"{environment.name}, project {environment.project}:", *format_plan(plan, colour=colour), sep="\n")


def write_results(arguments: argparse.Namespace, environment: Environment, plan: Plan) -> None:
    """The files that a CI passes on. They have the names of secret values, and not the values."""
    lines = format_plan(plan)
    summary = format_summary(f"Plan of {environment.name}", lines, lines[-1])
    append_summary(getattr(arguments, "summary", []), summary)
    if path := getattr(arguments, "json", None):
        result = {"env": environment.name, "changes": len(plan.changes), "summary": summary}
        write_file(path, json.dumps(result, indent=2))


def confirmation_text(environment: Environment, plan: Plan) -> str:
    """What a person types: the environment, and in a protected one also how much is destroyed."""
    if environment.protected and plan.destroyed:
        return f"{environment.name} destroys {len(plan.destroyed)}"
    return environment.name


def confirm(environment: Environment, plan: Plan, *, typed: str | None, ask: bool) -> None:
    """NotConfirmed unless the text is typed. `--yes` is not enough to destroy in a protected environment."""
    expected = confirmation_text(environment, plan)
    # --yes suffices only where nothing of a protected environment is destroyed.
    if typed is None and not ask and expected == environment.name:
        return
    if typed is None and ask:
        typed = read_line(f"Type {expected!r} to continue: ")
    if (typed or "").strip() != expected:
        raise NotConfirmed(
            f"nothing was changed in {environment.name}; without a terminal, use --confirm {expected!r}"
        )


def read_line(prompt: str) -> str:
    try:
        return input(prompt)
    except EOFError:
        return ""


def apply_with_retry(terraform: Terraform, plan: Plan, path: Path, sleep: Callable[[float], None]) -> None:
    """Apply the plan; while a new alert waits for its metric, apply the rest of the same plan again.

    The plan file is stale after a partial apply, so the rest is planned again. It must be part of the plan
    that was confirmed; otherwise the person has to confirm a new one.
    """
    rest = plan
    for attempt in range(METRIC_RETRIES):
        try:
            with after_a_part(attempt > 0):
                return terraform.apply(rest)
        except MetricNotReady:
            if attempt + 1 == METRIC_RETRIES:
                raise
        print(f"deploy: waiting {METRIC_RETRY_SECONDS:.0f} s for a new log metric", file=sys.stderr)
        sleep(METRIC_RETRY_SECONDS)
        with after_a_part(True):
            rest = plan_rest(terraform, plan, path)
        if not rest.applyable:
            return None
    return None


def plan_rest(terraform: Terraform, plan: Plan, path: Path) -> Plan:
    # Terraform refuses the first plan now, because its state has changed.
    rest = terraform.plan(path)
    if not rest.is_part_of(plan):
        raise NotConfirmed("the rest of the plan has changed; run `apply` again and confirm it")
    return rest


@contextmanager
def after_a_part(is_applied: bool) -> Iterator[None]:
    """ApplyFailed for any error: those of a first attempt state that nothing was changed."""
    try:
        yield
    except DeployError as error:
        if not is_applied or isinstance(error, ApplyFailed):
            raise
        raise ApplyFailed(
            f"a part of the plan was applied, and the rest was not: {error}\nRemedies: docs/runbooks/failed-apply.md"
        ) from error


if __name__ == "__main__":
    main()
