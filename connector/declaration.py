"""What every declared source has, whatever its kind. A kind adds its own keys, as
connector/rest/declaration.py does."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.errors import DeclarationError, UsageError

Text = Annotated[str, msgspec.Meta(min_length=1)]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")]


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a declaration: it cannot change, and a key that is not a field is refused."""


class Window(Declared, frozen=True, kw_only=True, rename={"start": "from", "start_date": "from_date"}):
    """A range of `field`, both ends inclusive. `last` is the field of the answer that freezes the upper
    end."""

    field: Text
    start: Text
    start_date: Text | None = None
    until: Text
    last: Text
    look_back: Annotated[int, msgspec.Meta(ge=0)] = 0
    first: int = 1


class Endpoint(Declared, frozen=True, kw_only=True):
    table: Name
    key: Annotated[list[Text], msgspec.Meta(min_length=1)]
    schedule: Literal["hourly", "daily"]
    window: Window | None = None


class Source(Declared, frozen=True, kw_only=True):
    """`secret` is the name of a secret whose value is what the source asks for; without one it asks for
    nothing."""

    kind: str
    secret: Text | None = None
    endpoints: Mapping[Name, Endpoint]

    def endpoint(self, name: str) -> Endpoint:
        if name not in self.endpoints:
            raise UsageError(f"unknown endpoint '{name}'. Declared are: {', '.join(self.endpoints)}.")
        return self.endpoints[name]

    def variables(self) -> dict[str, str | None]:
        """What the environment says of the source, `URL` for <SOURCE>_URL, with the default; None: there is
        none."""
        return {"API_KEY": None} if self.secret else {}


def convert[Part: Declared](value: Any, kind: type[Part], where: str) -> Part:
    """DeclarationError that names the place, what is wrong there, and the keys that may be there."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{where}: {error}. Allowed here: {allowed(kind)}.") from error


def convert_endpoints(declared: Any, kind: type[Endpoint], where: str) -> None:
    """One by one, because msgspec's own path leaves out the names of endpoints."""
    for name, endpoint in declared.items() if isinstance(declared, dict) else ():
        if isinstance(endpoint, dict) and "window" in endpoint:
            convert(endpoint["window"], Window, f"{where}: endpoints.{name}.window")
        convert(endpoint, kind, f"{where}: endpoints.{name}")


def allowed(kind: type[Declared]) -> str:
    return ", ".join(kind.__struct_encode_fields__)
