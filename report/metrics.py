"""metrics.prom: the numbers of the page in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from report.night import Night
from report.wording import latest


@dataclass(frozen=True)
class Sample:
    labels: Mapping[str, str]
    value: float


def render_metrics(night: Night) -> str:
    """Gauges only, each with its HELP line; the order is that of the rows, so equal input gives equal bytes."""
    families = {
        "page_timestamp_seconds": ("When the page was written.", [Sample({}, night.until.timestamp())]),
        "section_unreadable": ("Sections that could not be read.", [Sample({}, len(night.problems))]),
        "finding": ("1 for each finding that is not a consequence.", findings(night)),
        "runs": ("Runs of the pipeline in the window, by state.", runs(night)),
        "rows_loaded": ("Rows loaded in the last 24 hours.", measured(night, "night volume")),
        "gap_hours": ("Longest time without a success in 24 hours.", measured(night, "gap")),
        "step_seconds": ("Longest duration of a step in an hour.", steps(night)),
        "table_rows": ("Rows of a table after the newest run.", tables(night, "size")),
        "table_bytes": ("Logical bytes of a table after the newest run.", tables(night, "bytes")),
        "cost_gib": ("GiB billed on the newest day, by label.", costs(night)),
    }
    return "".join(render_family(f"platform_{name}", *family) for name, family in families.items())


def findings(night: Night) -> list[Sample]:
    names = ("kind", "subject", "state", "severity")
    return [Sample({name: str(row[name]) for name in names}, 1) for row in night.causes]


def runs(night: Night) -> list[Sample]:
    states = [run["state"] for run in night["runs"] if run["started_at"] >= night.since]
    # Both states, also with 0: a series that disappears cannot be compared.
    return [Sample({"state": state}, states.count(state)) for state in ("succeeded", "failed")]


def measured(night: Night, kind: str) -> list[Sample]:
    return [Sample({"subject": row["subject"]}, row["amount"]) for row in latest(night["measures"], kind)]


def steps(night: Night) -> list[Sample]:
    rows = latest(night["measures"], "duration")
    longest: dict[str, float] = {}
    for row in rows:
        longest[row["subject"]] = max(row["amount"], longest.get(row["subject"], 0.0))
    return [Sample({"step": subject}, seconds) for subject, seconds in longest.items()]


def tables(night: Night, field: str) -> list[Sample]:
    return [Sample({"table": row["table_name"]}, row["newest"][field]) for row in night["tables"]]


def costs(night: Night) -> list[Sample]:
    return [
        Sample({"label": row["label_key"], "of": row["label_value"]}, float(row["gib_billed"]))
        for row in night["costs"]
    ]


def render_family(name: str, text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
    # repr keeps all digits of a float.
    lines += [f"{name}{render_labels(sample.labels)} {sample.value!r}" for sample in samples]
    return "\n".join(lines) + "\n"


def render_labels(labels: Mapping[str, str]) -> str:
    parts = [f'{name}="{escape(value)}"' for name, value in labels.items()]
    return "{" + ",".join(parts) + "}" if parts else ""


def escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
