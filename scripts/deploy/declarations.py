"""Check what the jobs will read, before Terraform: its plan accepts declarations that only a run would reject.

The only file of scripts/ that imports the jobs. Their own checks are used, so a rule is stated once.
"""

import re
from pathlib import Path

from connector import declaration_check
from connector.errors import DeclarationError
from connector.raw_schema import LOAD_TIME, read_columns
from scripts.deploy.errors import InvalidDeclarations
from sheets_sync.declaration_check import check_exports, load_valid_exports
from sheets_sync.export import RAW_PREFIX, Export

ROOT = Path(__file__).parents[2]
SOURCES, SCHEMAS = Path("connector/sources"), Path("connector/schemas")
EXPORTS, MARTS = Path("sheets_sync/exports"), Path("dataform/definitions/dmt")
INCLUDES, VERDICT = Path("dataform/includes"), Path("modules/warehouse/views/verdict.sql")


def check_declarations(root: Path = ROOT) -> None:
    """InvalidDeclarations with every problem of sources, schemas and exports, one a line."""
    problems = declaration_check.check_all(root / SOURCES, root / SCHEMAS)
    problems += check_exports(root / EXPORTS)
    for export in load_valid_exports(root / EXPORTS):
        problems += check_table(export, root)
    if problems:
        lines = [f"  {problem.replace(f'{root}/', '')}" for problem in dict.fromkeys(problems)]
        count = f"{len(lines)} mistake{'s' if len(lines) > 1 else ''}"
        raise InvalidDeclarations(
            "\n".join([f"{count} in the declarations, and nothing was planned:", *lines])
        )


def check_table(export: Export, root: Path) -> list[str]:
    """Whether the export's table exists, and the columns that it publishes, filters and splits by."""
    if export.is_verdict:
        return check_columns(export, VERDICT, [(ROOT / VERDICT).read_text(encoding="utf-8")])
    return check_raw_table(export, root) if export.is_raw else check_mart(export, root)


def check_mart(export: Export, root: Path) -> list[str]:
    """A mart is not compiled here: a column is accepted if its name is in the text of the model or of includes/."""
    marts = sorted(path.stem for path in (root / MARTS).glob("*.sqlx"))
    if export.table not in marts:
        return [f"export {export.name}: table is {export.table!r}, expected a mart: {', '.join(marts)}."]
    model = root / MARTS / f"{export.table}.sqlx"
    texts = [path.read_text(encoding="utf-8") for path in [model, *sorted((root / INCLUDES).glob("*.js"))]]
    return check_columns(export, MARTS / model.name, texts)


def check_columns(export: Export, model: Path, texts: list[str]) -> list[str]:
    identifiers = set(re.findall(r"\w+", " ".join(texts)))
    places = dict.fromkeys(export.names, "columns") | dict.fromkeys(export.row_filter, "where")
    return [
        f"export {export.name}: {place} has {name!r}, expected a column of {model}."
        for name, place in places.items()
        if name not in identifiers
    ]


def check_raw_table(export: Export, root: Path) -> list[str]:
    table = export.table.removeprefix(RAW_PREFIX)
    try:
        columns = [LOAD_TIME, *(column["name"] for column in read_columns(table, root / SCHEMAS))]
    except DeclarationError as error:
        return [f"export {export.name}: table is {export.table!r}, but {error}"]
    missing = [name for name in export.names if name not in columns]
    return [
        f"export {export.name}: columns has {name!r}, expected columns of {export.table}: {', '.join(columns)}."
        for name in missing
    ]
