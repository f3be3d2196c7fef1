"""Parts of the demo: its folder, its commands, its output. `make demo` is the whole."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo import tables
from demo.commands import Shell, process_group
from demo.errors import NoProject, StepFailed
from demo.expected import Check
from demo.pipeline_runs import format_log_line
from demo.project_folder import check_empty, empty_folder
from demo.screen import Screen
from sandbox.errors import CannotStart
from sandbox.serving import claimed
from sandbox.state import State


def test_the_folder_is_emptied(tmp_path):
    (tmp_path / "old" / "deep").mkdir(parents=True)
    (tmp_path / "file").write_text("from the last time")
    (tmp_path / "lock").touch()
    (tmp_path / "link").symlink_to(tmp_path / "old")
    empty_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_installed_programs_are_not_part_of_the_project(tmp_path):
    (tmp_path / "spark" / "venv").mkdir(parents=True)
    check_empty(tmp_path)
    empty_folder(tmp_path)
    assert (tmp_path / "spark" / "venv").exists()


def test_a_folder_of_something_else_is_not_emptied(tmp_path):
    (tmp_path / "letters").mkdir()
    with pytest.raises(NoProject, match="not of a project"):
        empty_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]


def test_a_folder_in_use_is_not_emptied(tmp_path):
    (tmp_path / "file").write_text("in use")
    with claimed(tmp_path), pytest.raises(CannotStart, match="already runs"):
        empty_folder(tmp_path)
    assert (tmp_path / "file").exists()


def test_a_second_demo_is_refused_with_a_message(tmp_path):
    with claimed(tmp_path / "demo"):
        second = subprocess.run(
            [sys.executable, "-m", "demo", "--root", str(tmp_path / "demo")],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert second.returncode == 1
    assert second.stderr.startswith("demo: a sandbox already runs in")
    assert second.stderr.count("\n") == 1


def test_a_failed_command_is_reported_with_the_end_of_its_output(tmp_path):
    shell = Shell(State(tmp_path, 1))
    with pytest.raises(StepFailed, match="(?s)ended with exit code 3.*line 39"):
        shell.run([sys.executable, "-c", "for i in range(40): print('line', i)\nraise SystemExit(3)"])
    assert "line 0\n" in (tmp_path / "commands.log").read_text()


def test_a_command_has_the_sandbox_and_standard_input(tmp_path):
    script = "import os, sys; print(os.environ['BIGQUERY_EMULATOR_HOST'], sys.stdin.read())"
    shell = Shell(State(tmp_path, 4321))
    assert shell.run([sys.executable, "-c", script], stdin="a key") == "http://127.0.0.1:4321 a key\n"
    assert "a key" not in (tmp_path / "commands.log").read_text().splitlines()[0]


def test_child_processes_end_with_the_command():
    script = "sleep 60 & echo $!; wait"
    with pytest.raises(RuntimeError), process_group(["sh", "-c", script], dict(os.environ)) as process:
        assert process.stdout is not None
        started = int(process.stdout.readline())
        raise RuntimeError
    assert process.returncode == -signal.SIGTERM
    assert has_ended(started)


def has_ended(process, seconds=10):
    """Ended, or a zombie: its new parent has not reaped it yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
    return False


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"severity": "ERROR", "message": "no key", "step": "x"}', "ERROR: no key"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ('{"severity": "ERROR"}', '{"severity": "ERROR"}'),
        ("17", "17"),
    ],
)
def test_log_lines_are_formatted_for_a_person(line, text):
    assert format_log_line(line) == text


def test_progress_is_one_line_per_step():
    out = io.StringIO()
    screen = Screen(out)
    with screen.step("provision") as step:
        step.note = "37 added"
    assert out.getvalue().split() == ["provision", "37", "added", "0.0", "s"]
    assert [step.label for step in screen.steps] == ["provision"]


def test_the_table_names_differences():
    lines = tables.checks_table(
        [Check("ods.sales", 1, 2, None, None, ("x",)), Check("dmt.days", 1, 1, 5, 5, ())]
    )
    assert lines[1].split() == ["ods.sales", "1", "2", "differs"]
    assert lines[2].split() == ["dmt.days", "1", "1", "0.05", "0.05", "equal"]
    assert len({len(line) for line in lines}) == 1
