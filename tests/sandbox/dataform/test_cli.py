"""Processes of the Dataform CLI."""

import subprocess

from sandbox.dataform.cli import node, require_option


def test_a_script_is_loaded_first_also_from_a_folder_with_a_blank(tmp_path):
    script = tmp_path / "a folder" / "first.js"
    script.parent.mkdir()
    script.write_text("console.log('first')")
    printed = subprocess.run(
        [node(), "-e", "console.log('second')"],
        env={"NODE_OPTIONS": require_option(script)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == "first\nsecond\n"
