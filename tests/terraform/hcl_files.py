"""The text of a module's files. `terraform fmt` keeps them in the one layout that is parsed here."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.parent for path in (ROOT / "modules").glob("*/main.tf"))
ROOTS = [*MODULES, ROOT / "environments"]


def read_text(folder):
    return "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))


def read_blocks(folder, kind):
    """{name: text between the braces} of every `kind "name" {` in the folder's files, in order."""
    pattern = rf'^{kind} "(\w+)" {{\n(.*?)^}}'
    return dict(re.findall(pattern, read_text(folder), re.MULTILINE | re.DOTALL))


def read_argument(block, name):
    """The one-line value of an argument; None if it is missing."""
    match = re.search(rf"^  {name} +(?:=|\s) *(.+)$", block, re.MULTILINE)
    return match and match[1].strip('"')


def format_tables(folder):
    """The tables of inputs and outputs of a module's README."""
    inputs = [
        f"| `{name}` | {read_argument(block, 'description')} | {format_default(block)} |"
        for name, block in read_blocks(folder, "variable").items()
    ]
    outputs = [
        f"| `{name}` | {read_argument(block, 'description')} |"
        for name, block in read_blocks(folder, "output").items()
    ]
    return "\n".join(
        ["| input | what it is | default |", "|---|---|---|", *inputs, ""]
        + ["| output | what it is |", "|---|---|", *outputs]
    )


def format_default(block):
    default = read_argument(block, "default")
    return "needed" if default is None else f"`{default}`"
