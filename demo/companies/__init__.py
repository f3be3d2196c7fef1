"""Companies: declarations that replace those of the repository, run by the same code.

`demo/companies/<name>/declarations` has the paths of the repository. A copy of the repository with them in place of
retail's is a company's own repository (copied_repository.py); everything runs there, and nothing is changed for it.
"""

import importlib
from pathlib import Path
from typing import cast

from demo.commands import REPOSITORY
from demo.companies.company import Company

RETAIL = "retail"
MARKER = "company"  # in a copy of the repository: the company's name
FOLDER = Path(__file__).parent


def company_names() -> list[str]:
    return [RETAIL, *sorted(folder.parent.name for folder in FOLDER.glob("*/declarations"))]


def current_name(repository: Path = REPOSITORY) -> str:
    """The company whose declarations this repository has."""
    marker = repository / MARKER
    return marker.read_text() if marker.exists() else RETAIL


def current_company() -> Company:
    """Imported by name: a company may need packages that the others do not."""
    module = importlib.import_module(f"{__name__}.{current_name()}")
    return cast(Company, module.COMPANY)
