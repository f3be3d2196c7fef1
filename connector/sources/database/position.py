"""The position of a part: a range of keys, within a window, or a list of keys."""

import msgspec

from connector.sources.database.database import KeyTexts


# In run.json, once per part: arrays without trailing defaults keep it small.
class Part(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Rows with keys from `low` to before `high` (None: open) and the window's field from `start` to before `until`.

    `start`, `until`: microseconds since 1970 UTC, or integers. `by_field`: the keys begin with the window's field.
    `nulls`: instead of a range, the rows with a null in the key. `keys`: instead of a range, the rows with these keys.
    `deleted_at`: the rows of `keys` do not exist any more, observed at this time. `rows`: how many, about. `order`: the
    types that the range is ordered by, so that it is not read under another order.
    """

    low: KeyTexts | None = None
    high: KeyTexts | None = None
    start: int | None = None
    until: int | None = None
    by_field: bool = False
    rows: int = 0
    nulls: bool = False
    keys: tuple[KeyTexts, ...] = ()
    deleted_at: str | None = None
    order: str = ""

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()


def parse_part(position: str) -> Part:
    return msgspec.json.decode(position, type=Part)
