"""Objects of JSON files as lines for raw: in a column of type STRING every value is the text of the file."""

from collections.abc import Iterable, Mapping

import msgspec

from connector.extract.field_mapping import has_repeated_name, rename_members
from connector.raw_schema import Column
from connector.sources.byte_order_mark import find_marked_encoding, find_wide_encoding
from connector.sources.files.content import Rows, UnreadableFile, iter_lines
from connector.sources.files.position import PartRange
from connector.sources.files.provenance import LINE, Provenance
from connector.sources.json_repair import repair

MAX_ARRAY_BYTES = 256 << 20  # an array is decoded as a whole
BOM = b"\xef\xbb\xbf"

# The last one for a value that is nested too deeply.
PARSE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
encode_line = msgspec.json.Encoder().encode


class JsonRows:
    """`columns`: of the table; values of other fields keep their type, since no column holds them.
    `reject`: the field that makes an object a reject."""

    def __init__(
        self, columns: Iterable[Column], rename: Mapping[str, str], provenance: Provenance, reject: str = ""
    ) -> None:
        self.texts = {
            column["name"]
            for column in columns
            if column["type"] == "STRING" and column.get("mode") != "REPEATED"
        }
        self.rename = rename
        self.reject = reject
        self.provenance = provenance
        self.constants = {name: encode_raw(value) for name, value in provenance.constants.items()}
        self.with_line = LINE in provenance.columns
        self.rows = Rows()
        self.names: dict[str, None] = {}

    def add(self, number: int, item: bytes) -> None:
        """An object that cannot be read is a reject."""
        try:
            item, members = self._decode(item)
        except PARSE_ERRORS as error:
            remedy = r"; lines must end in \n or \r\n" if b"\r" in item else ""
            self.rows.reject(number, f"{error}{remedy}", item.decode("utf-8", "replace"))
            return
        if has_repeated_name(item, members):
            self.rows.reject(
                number, "a name is twice in the object, of which one value would be lost", item.decode()
            )
            return
        # Without a declared field it is "", which a member may be called.
        if self.reject and self.reject in members:
            self.rows.reject(number, str(msgspec.json.decode(members[self.reject])), item.decode())
            return
        row = rename_members(members, self.rename)
        self.names |= dict.fromkeys(row)
        row = {name: self._as_text(value) if name in self.texts else value for name, value in row.items()}
        row |= self.constants
        if self.with_line:
            row[LINE] = encode_raw(str(number))
        self.rows.content.write(encode_line(row) + b"\n")
        self.rows.rows += 1

    def _decode(self, item: bytes) -> tuple[bytes, dict[str, msgspec.Raw]]:
        """The object, repaired if it is not JSON, and its members."""
        try:
            item.decode()  # msgspec does not check the text inside of a Raw value
            return item, decode_object(item)
        except PARSE_ERRORS:
            repaired, note = repair(item)
            if not note:
                raise
        members = decode_object(repaired)
        self.rows.repairs[note] = None
        return repaired, members

    def _as_text(self, value: msgspec.Raw) -> msgspec.Raw:
        text = bytes(value).strip()
        # Digits as in the file: decoding and encoding a number could change them.
        return value if text[:1] == b'"' or text == b"null" else encode_raw(text.decode())

    def finish(self) -> Rows:
        self.rows.names = list(self.names)
        self.rows.check()
        return self.rows


def encode_raw(value: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def read_json_lines(chunks: Iterable[bytes], part: PartRange, rows: JsonRows) -> Rows:
    """UnreadableFile for an array, whose first line a strict reader of lines would only reject."""
    for number, line in enumerate(iter_lines(chunks), part.line):
        item = line.removeprefix(BOM).strip() if number == 1 else line.strip()
        if number == 1 and item.startswith(b"["):
            raise UnreadableFile("the file is a JSON array, not JSON lines. Declare `format: {json: {}}`.")
        if item:
            rows.add(number, item)
    return rows.finish()


def read_json_array(chunks: Iterable[bytes], rows: JsonRows) -> Rows:
    """`number` of a reject is the position of the item, from 1."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_ARRAY_BYTES:
            raise UnreadableFile(
                f"the array has more than {MAX_ARRAY_BYTES >> 20} MB. Split it, or write JSON lines (ndjson)."
            )
    # In place: a copy would need as much memory as the file.
    if content.startswith(BOM):
        del content[: len(BOM)]
    # An empty file is an empty list, as for the other formats.
    if not content or content.isspace():
        return rows.finish()
    try:
        items = decode_array(content)
    except PARSE_ERRORS as error:
        # Only after a failure: the repair reads every byte.
        repaired, note = repair(bytes(content))
        try:
            items = decode_array(repaired)
        except PARSE_ERRORS:
            start = bytes(content[:4])
            # With a mark it was converted above.
            wide = None if find_marked_encoding(start) else find_wide_encoding(start)
            form = f"the file is in {wide.upper()} without a byte order mark" if wide else "not a JSON array"
            raise UnreadableFile(f"{form}: {error}") from error
        rows.rows.repairs |= {note: None} if note else {}
    for number, item in enumerate(items, 1):
        rows.add(number, bytes(item))
    return rows.finish()


def split_lines(chunks: Iterable[bytes], part: PartRange, part_bytes: int) -> list[PartRange]:
    r"""In JSON lines every \n ends a row."""
    ranges: list[PartRange] = []
    start, line, consumed = 0, 1, 0
    for number, text in enumerate(iter_lines(chunks), 1):
        consumed += len(text)
        if consumed - start >= part_bytes:
            ranges.append(PartRange(part.file, start, consumed, line))
            start, line = consumed, number + 1
    if consumed > start:
        ranges.append(PartRange(part.file, start, None, line))
    return ranges
