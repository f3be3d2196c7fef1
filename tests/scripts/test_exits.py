"""How a command ends that is interrupted, or whose files cannot be read or written."""

import importlib

import pytest

from scripts.exits import exit_with_message, write_file

PACKAGES = "bootstrap deploy develop erase images refresh rehearse release rollback rollout undrop unload"
COMMANDS = [*(f"{name}.__main__" for name in PACKAGES.split()), "secret"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_interrupted_command_names_what_remains(command, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    module = importlib.import_module(f"scripts.{command}")
    monkeypatch.setattr(module, "create_parser", interrupt)
    with pytest.raises(SystemExit, match=rf"^{command.partition('.')[0]}: interrupted\. \w+"):
        module.main()


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    ending = pytest.raises(
        SystemExit, match=r"rehearse: .*missing/result\.json could not be written: No such file"
    )
    with ending, exit_with_message("rehearse", "Run it again."):
        write_file(tmp_path / "missing" / "result.json", "")
