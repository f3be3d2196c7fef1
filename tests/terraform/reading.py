"""What stands in a module's files. `terraform fmt` keeps them in the one layout that is read here."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.parent for path in (ROOT / "modules").glob("*/main.tf"))
ROOTS = [*MODULES, ROOT / "environments"]


def blocks(folder, kind):
    """{name: text between the braces} of every `kind "name" {` in the folder's files, in their order."""
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
    return dict(re.findall(rf'^{kind} "(\w+)" {{\n(.*?)^}}', text, re.MULTILINE | re.DOTALL))


def value(block, name):
    """The one-line value of an argument; None if it is not there."""
    found = re.search(rf"^  {name} +(?:=|\s) *(.+)$", block, re.MULTILINE)
    return found and found[1].strip('"')


def tables(folder):
    """The tables of inputs and outputs that a module's README must hold."""
    inputs = [
        f"| `{name}` | {value(block, 'description')} | {default(value(block, 'default'))} |"
        for name, block in blocks(folder, "variable").items()
    ]
    outputs = [
        f"| `{name}` | {value(block, 'description')} |" for name, block in blocks(folder, "output").items()
    ]
    return "\n".join(
        ["| input | what it is | default |", "|---|---|---|", *inputs, ""]
        + ["| output | what it is |", "|---|---|", *outputs]
    )


def default(text):
    return "needed" if text is None else f"`{text}`"
