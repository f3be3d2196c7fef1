"""Objects of JSON files as lines for raw: in a column of type STRING every value is the text of the file."""

from collections.abc import Iterable, Mapping

import msgspec

from connector.extract.field_mapping import has_repeated_name, rename_members
from connector.raw_schema import Column
from connector.sources.files.content import Rows, UnreadableFile, iter_lines
from connector.sources.files.position import PartRange
from connector.sources.files.provenance import LINE, Provenance

MAX_ARRAY_BYTES = 256 << 20  # an array is decoded as a whole
BOM = b"\xef\xbb\xbf"

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
            item.decode()  # msgspec does not check the text inside of a Raw value
            members = decode_object(item)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.rows.reject(number, str(error), item.decode("utf-8", "replace"))
            return
        if has_repeated_name(item, members):
            self.rows.reject(
                number, "a name is twice in the object, of which one value would be lost", item.decode()
            )
            return
        if self.reject in members:
            self.rows.reject(number, msgspec.json.decode(members[self.reject], type=str), item.decode())
            return
        row = rename_members(members, self.rename)
        self.names |= dict.fromkeys(row)
        row = {name: self._as_text(value) if name in self.texts else value for name, value in row.items()}
        row |= self.constants
        if self.with_line:
            row[LINE] = encode_raw(str(number))
        self.rows.content.write(encode_line(row) + b"\n")
        self.rows.rows += 1

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
    for number, line in enumerate(iter_lines(chunks), part.line):
        item = line.removeprefix(BOM).strip() if number == 1 else line.strip()
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
    # An empty file is an empty list, as for the other formats.
    if not content.removeprefix(BOM).strip():
        return rows.finish()
    try:
        items = msgspec.json.decode(bytes(content).removeprefix(BOM), type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"not a JSON array: {error}") from error
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
