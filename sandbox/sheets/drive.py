"""Drive v3, as far as spreadsheets need it: files listed, made, copied, deleted, shared."""

import re
from typing import Any

from sandbox.sheets.book import Book
from sandbox.sheets.errors import BadRequest, Forbidden, NotFound, Unsupported
from sandbox.sheets.gate import Call
from sandbox.sheets.store import Store, permission

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
TERM = re.compile(
    r"(mimeType|name|trashed)\s*(=|contains)\s*('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|true|false)"
)
# A quoted value, or the word between two terms: `and` inside a value is text.
QUOTED_OR_AND = re.compile(r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|\band\b")
ROLES = ("owner", "writer", "commenter", "reader")
KINDS = ("user", "group", "domain", "anyone")


class Drive:
    """The methods: from a Call to a response."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def list(self, call: Call) -> dict[str, Any]:
        terms = query(call.query.get("q") or "")
        files = [
            file(book)
            for book in self.store.books.values()
            if book.role(call.caller) and all(term(file(book)) for term in terms)
        ]
        return {"kind": "drive#fileList", "incompleteSearch": False, "files": files}

    def get(self, call: Call) -> dict[str, Any]:
        return file(self.find(call))

    def create(self, call: Call) -> dict[str, Any]:
        if call.body.get("mimeType", SPREADSHEET) != SPREADSHEET:
            raise Unsupported(
                f"Files of type {call.body['mimeType']}: not in this sandbox, only {SPREADSHEET}."
            )
        title = call.body.get("name") or "Untitled"
        return file(self.store.create(call.caller, {"title": title}))

    def update(self, call: Call) -> dict[str, Any]:
        book = self.find(call, write=True).copy()
        if "name" in call.body:
            book.properties["title"] = call.body["name"]
        # A file in the trash can still be read and written through the Sheets API (unverified).
        book.trashed = bool(call.body.get("trashed", book.trashed))
        self.store.save(book)
        return file(book)

    def copy(self, call: Call) -> dict[str, Any]:
        source = self.find(call)
        title = call.body.get("name") or f"Copy of {source.properties['title']}"
        created = self.store.create(call.caller, source.properties | {"title": title})
        created.tabs = [tab.copy() for tab in source.tabs]
        created.names, created.metadata = list(source.names), list(source.metadata)
        self.store.save(created)
        return file(created)

    def delete(self, call: Call) -> dict[str, Any]:
        book = self.find(call)
        if book.role(call.caller) != "owner":
            raise Forbidden("The user does not have sufficient permissions for this file.")
        self.store.remove(book)
        return {}

    def permissions(self, call: Call) -> dict[str, Any]:
        return {"kind": "drive#permissionList", "permissions": self.find(call).permissions}

    def share(self, call: Call) -> dict[str, Any]:
        book = self.find(call, write=True).copy()
        role, kind = call.body.get("role"), call.body.get("type")
        if role not in ROLES or kind not in KINDS:
            raise BadRequest(f"role {role!r} and type {kind!r} of a permission: {ROLES}, {KINDS}.")
        email = call.body.get("emailAddress") or ""
        # A domain has another field; without an address the permission would be that of `anyone`.
        if kind == "domain":
            email = call.body.get("domain") or ""
        if (kind in ("user", "group") and "@" not in email) or (kind == "domain" and "." not in email):
            raise BadRequest(
                "The specified emailAddress is invalid or not applicable for the given permission type."
            )
        created = permission(role, email or "anyone", kind)
        book.permissions = [item for item in book.permissions if item["id"] != created["id"]] + [created]
        self.store.save(book)
        return created

    def unshare(self, call: Call) -> dict[str, Any]:
        book = self.find(call, write=True).copy()
        remaining = [item for item in book.permissions if item["id"] != call.path["permission"]]
        if len(remaining) == len(book.permissions):
            raise NotFound(f"Permission not found: {call.path['permission']}.")
        book.permissions = remaining
        self.store.save(book)
        return {}

    def comments(self, call: Call) -> dict[str, Any]:
        """Always empty: comments are not implemented."""
        self.find(call)
        return {"kind": "drive#commentList", "comments": []}

    def find(self, call: Call, write: bool = False) -> Book:
        """NotFound also for a file that is not shared with the caller, as Drive returns it."""
        try:
            return self.store.find(call.path["id"], call.caller, write)
        except (NotFound, Forbidden) as error:
            book = self.store.books.get(call.path["id"])
            if book and book.role(call.caller):
                raise Forbidden("The user does not have sufficient permissions for this file.") from error
            raise NotFound(f"File not found: {call.path['id']}.") from error


def file(book: Book) -> dict[str, Any]:
    return {
        "kind": "drive#file",
        "id": book.id,
        "name": book.properties["title"],
        "mimeType": SPREADSHEET,
        "createdTime": book.created,
        "modifiedTime": book.modified,
        "version": str(book.version),
        "trashed": book.trashed,
    }


def query(text: str) -> list[Any]:
    """`mimeType='…' and name = '…'`; BadRequest for other terms, which Drive supports."""
    parts = QUOTED_OR_AND.sub(lambda match: match[1] or "\0", text).split("\0") if text.strip() else []
    return [term(part.strip(" ()")) for part in parts]


def term(text: str) -> Any:
    match = TERM.fullmatch(text)
    if not match:
        raise BadRequest(f"Invalid Value: q term {text!r}; this sandbox searches by mimeType, name, trashed.")
    field, operator, value = match.groups()
    is_flag = value in ("true", "false")
    if is_flag != (field == "trashed") or (is_flag and operator == "contains"):
        raise BadRequest(
            f"Invalid Value: q term {text!r}; trashed is true or false, the other fields are texts."
        )
    expected: Any = value == "true" if is_flag else re.sub(r"\\(.)", r"\1", value[1:-1])
    return lambda resource: (
        expected in resource[field] if operator == "contains" else resource[field] == expected
    )
