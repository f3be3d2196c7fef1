"""Part `destination` of an export, `kind: file`: the object to write."""

from typing import Annotated, Literal

from msgspec import Meta

from sheets_sync.declaration import Part

# https://cloud.google.com/storage/docs/objects#naming, without characters that a shell or a URL interprets.
OBJECT_NAME = r"^(?!(.*/)?\.\.(/|\Z))[A-Za-z0-9_=.-]+(/[A-Za-z0-9_=.-]+)*\.(csv|parquet)\Z"
OBJECT_HINT = "the name of an object such as sales/daily.csv, ending with .csv or .parquet"


class FileConfig(Part, frozen=True, kw_only=True):
    kind: Literal["file"]
    path: Annotated[str, Meta(pattern=OBJECT_NAME, description=OBJECT_HINT)]

    @property
    def format(self) -> Literal["csv", "parquet"]:
        return "csv" if self.path.endswith(".csv") else "parquet"
