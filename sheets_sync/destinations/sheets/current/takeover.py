"""Tabs whose mark names another owner: an export or a project that was renamed, or a copy of a spreadsheet."""

from dataclasses import dataclass, replace

from sheets_sync.destinations.sheets.current.document import AUDIT, Document, Mark, Tab
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.errors import Refused
from sheets_sync.options import Options


@dataclass(frozen=True)
class Takeover:
    """document: the spreadsheet as if it already belonged to the export. retagged: helper tabs whose metadata
    names the old owner, with role and new owner. is_new_owner: the tab is to be marked again.
    """

    document: Document
    retagged: tuple[tuple[Tab, str, str], ...] = ()
    is_new_owner: bool = False


def take_over(desired: DesiredTable, document: Document, options: Options) -> Takeover:
    """With --adopt, the tab of a renamed export with its helper tabs, or that of a copied spreadsheet.

    Refused if the spreadsheet is a copy, and --adopt was not given.
    """
    marked = document.marked_tabs(desired.project, desired.export.name)
    if not marked:
        old = find_renamed(desired, document, options.declared) if options.adopt else None
        return rename_owner(desired, document, old) if old and old.mark else Takeover(document)
    copies = [tab for tab in marked if tab.mark and is_copy(tab.mark, document)]
    if copies and copies[0].mark and not options.adopt:
        raise Refused(
            f"Spreadsheet {document.id} is a copy of {copies[0].mark.spreadsheet}, which export "
            f"{desired.export.name} writes to. Set the export's variable to the original again; or, if the "
            "export is to write to the copy from now on, run once with --adopt."
        )
    return Takeover(document, is_new_owner=bool(copies))


def is_copy(mark: Mark, document: Document) -> bool:
    return bool(mark.spreadsheet and document.id) and mark.spreadsheet != document.id


def find_renamed(desired: DesiredTable, document: Document, declared: frozenset[str] | None) -> Tab | None:
    """The tab with the export's title whose owner no longer exists; or the only such tab with its headers."""
    tabs = [tab for tab in document.tabs if tab.mark and is_abandoned(tab.mark, desired.project, declared)]
    titled = [tab for tab in tabs if tab.title.lower() == desired.export.tab.lower()]
    same = [tab for tab in tabs if tab.mark and list(tab.mark.headers) == desired.headers]
    if titled:
        return titled[0]
    is_title_free = document.find_by_title(desired.export.tab) is None
    return same[0] if len(same) == 1 and is_title_free else None


def is_abandoned(mark: Mark, project: str, declared: frozenset[str] | None) -> bool:
    """Whether the owner was renamed: another project, or an export that this project no longer declares."""
    return mark.project != project or (declared is not None and mark.export not in declared)


def rename_owner(desired: DesiredTable, document: Document, old: Tab) -> Takeover:
    mark = old.mark
    if mark is None:
        return Takeover(document)
    owners = {f"{mark.project}/{mark.export}": desired.owner}
    if mark.project != desired.project:
        owners[mark.project] = desired.project
    tabs, retagged = list[Tab](), list[tuple[Tab, str, str]]()
    for tab in document.tabs:
        renamed = {role: owners.get(owner, owner) for role, owner in tab.helper_of.items()}
        # Another sync log of the new project already exists: the old one stays as it is.
        if renamed.get(AUDIT) == desired.project and document.find_helper(AUDIT, desired.project):
            renamed[AUDIT] = tab.helper_of[AUDIT]
        retagged += [(tab, role, new) for role, new in renamed.items() if new != tab.helper_of[role]]
        new_mark = replace(mark, project=desired.project, export=desired.export.name)
        tabs.append(replace(tab, helper_of=renamed, mark=new_mark if tab is old else tab.mark))
    return Takeover(replace(document, tabs=tuple(tabs)), tuple(retagged), is_new_owner=True)


def describe_abandoned(
    desired: DesiredTable, document: Document, declared: frozenset[str] | None
) -> list[str]:
    """Notes about tabs that no export of the project updates any more: their readers do not notice."""
    if declared is None:
        return []
    return [
        f"Tab {tab.title!r} is no longer updated: export {tab.mark.export} is not declared any more. Delete "
        f"the tab, or if the export was renamed to {desired.export.name}, run once with --adopt."
        for tab in document.tabs
        if tab.mark and tab.mark.project == desired.project and tab.mark.export not in declared
    ]


def describe_owner(tab: Tab, desired: DesiredTable, declared: frozenset[str] | None) -> str:
    """Owner of a tab that another export keeps, and the remedy."""
    mark, export = tab.mark, desired.export
    elsewhere = f"Give export {export.name} another tab or another spreadsheet"
    if mark is None:
        return f"sheets_sync itself. {elsewhere}."
    owner = f"export {mark.export} of project {mark.project}"
    if not is_abandoned(mark, desired.project, declared):
        return f"{owner}. {elsewhere}."
    renamed = f"export {mark.export} was renamed to {export.name}"
    if mark.project != desired.project:
        renamed = f"project {mark.project} was renamed to {desired.project}"
    return f"{owner}. If {renamed}, run once with --adopt: the tab keeps its notes. Otherwise: {elsewhere}."
