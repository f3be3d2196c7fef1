"""The demo's own parts: its folder, its commands, its words. The story as a whole is tests/test_story.py."""

import io
import os
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from demo.place import empty
from demo.runs import spoken

from demo import markup, table
from demo.commands import Shell, group
from demo.errors import Failed
from demo.expected import Check
from demo.screen import Screen
from sandbox.errors import CannotStart
from sandbox.serving import claimed
from sandbox.state import State


def test_the_folder_is_emptied(tmp_path):
    (tmp_path / "old" / "deep").mkdir(parents=True)
    (tmp_path / "file").write_text("from the last time")
    empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("somebody needs it")
    with claimed(tmp_path), pytest.raises(CannotStart, match="already runs"):
        empty(tmp_path)
    assert (tmp_path / "file").exists()


def test_a_second_demo_ends_with_a_sentence(tmp_path):
    with claimed(tmp_path / "demo"):
        ended = subprocess.run(
            [sys.executable, "-m", "demo", "--root", str(tmp_path / "demo")],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("demo: a sandbox already runs in")
    assert ended.stderr.count("\n") == 1


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path):
    shell = Shell(State(tmp_path, 1))
    with pytest.raises(Failed, match="(?s)ended with 3.*line 39"):
        shell.run([sys.executable, "-c", "for i in range(40): print('line', i)\nraise SystemExit(3)"])
    assert "line 0\n" in (tmp_path / "commands.log").read_text()


def test_a_command_sees_the_sandbox_and_what_is_piped_in(tmp_path):
    script = "import os, sys; print(os.environ['BIGQUERY_EMULATOR_HOST'], sys.stdin.read())"
    shell = Shell(State(tmp_path, 4321))
    assert shell.run([sys.executable, "-c", script], given="a key") == "http://127.0.0.1:4321 a key\n"
    assert "a key" not in (tmp_path / "commands.log").read_text().splitlines()[0]


def test_all_that_a_command_started_ends_with_us():
    script = "sleep 60 & echo $!; wait"
    with pytest.raises(RuntimeError), group(["sh", "-c", script], dict(os.environ)) as process:
        started = int(process.stdout.readline())
        raise RuntimeError
    assert process.returncode == -signal.SIGTERM
    assert is_gone(started)


def is_gone(process, seconds=10):
    """Ended, or waiting for its new parent to notice."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
    return False


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"severity": "ERROR", "message": "no key", "step": "x"}', "ERROR: no key"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ('{"severity": "ERROR"}', '{"severity": "ERROR"}'),
        ("17", "17"),
    ],
)
def test_a_log_is_read_to_a_person(line, said):
    assert spoken(line) == said


def test_progress_is_a_line_a_step():
    out = io.StringIO()
    screen = Screen(out)
    with screen.step("provision") as line:
        line.note = "37 added"
    assert out.getvalue().split() == ["provision", "37", "added", "0.0", "s"]
    assert [line.label for line in screen.lines] == ["provision"]


def test_text_is_never_markup():
    assert "<b>" not in markup.table(["<b>"], [["<b>"]])
    assert "<b>" not in markup.place("<b>", [("<b>", "<b>")])


def test_columns_of_numbers_stand_to_the_right():
    found = markup.table(["word", "count", "some"], [["a", 1, ""], ["2", 2, "1,000.50"]])
    assert found.count('class="number"') == 6
    assert '<td>a</td><td class="number">1</td>' in found


@pytest.mark.parametrize("values", [[], [(date(2017, 1, 1), Decimal(0))]])
def test_a_chart_of_nothing_is_a_chart(values):
    assert markup.bars(values).startswith("<svg")


def test_the_table_says_what_differs():
    lines = table.checks([Check("ods.sales", 1, 2, None, None, ("x",)), Check("dmt.days", 1, 1, 5, 5, ())])
    assert lines[1].split() == ["ods.sales", "1", "2", "differs"]
    assert lines[2].split() == ["dmt.days", "1", "1", "0.05", "0.05", "equal"]
    assert len({len(line) for line in lines}) == 1
