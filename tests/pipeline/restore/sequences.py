"""Mixed sequences of what happens to a warehouse, and what it must contain after the next run.

A step is as cheap as possible, so that many sequences fit: a load does not run the warehouse, checks of quality are
left out, and the expected rows of a set of files and a formula are computed once.
"""

import io
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from pipeline.restore.unload import find_load, statements
from pipeline.restore.warehouse import Warehouse
from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import FILES
from tests.pipeline.restore.shop import Shop
from tests.pipeline.restore.test_unload import log

NAMES = [name for _, name, _ in FILES]
FILE = st.integers(0, len(FILES) - 1)
SINGLE, DOUBLE = "sum(item.item_amount) as revenue", "2 * sum(item.item_amount) as revenue"
STEP = st.one_of(
    st.tuples(st.just("load"), st.lists(FILE, min_size=1, max_size=5, unique=True)),  # a replay too
    st.tuples(st.just("run"), st.none()),
    st.tuples(st.just("unload"), st.lists(FILE, min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("crash"), st.integers(3, 12)),
    st.tuples(st.just("restore"), st.integers(0, 9)),
    st.tuples(st.just("release"), st.sampled_from([SINGLE, DOUBLE])),
)
# The first run creates the tables: a load cannot be taken out by a restore to before they existed.
BEGINNING = [("run", None), ("load", [1, 2, 3, 5]), ("run", None)]
STEPS = st.lists(STEP, min_size=3, max_size=6)
# As scripts.refresh does for a mart: the next run writes all days again, without replacing the table.
WRITE_AGAIN = """
insert into ods.checkpoints (table_name, seen_until, touched_days, written_at)
values (
  'dmt.daily_sales (rest)', current_timestamp(), generate_date_array(date '2016-12-01', date '2017-02-01'),
  current_timestamp()
)
"""
QUALITY = "assertions.quality"  # measures, and writes no table of ods or dmt


def waves_of(runner: Runner, graph: dict[str, Any], formula: str) -> list[Any]:
    """The actions of a run, with another formula of the revenue."""
    all_waves = runner.compile(graph, lambda text: text.replace(SINGLE, formula))
    return [[action for action in wave if action.name != QUALITY] for wave in all_waves]


@dataclass
class Oracle:
    """The rows that a new warehouse computes from a set of files."""

    open_shop: Callable[[], Shop]
    graph: dict[str, Any]
    states: dict[tuple[frozenset[int], str], dict[str, list[str]]] = field(default_factory=dict)

    def state(self, files: Iterable[int], formula: str) -> dict[str, list[str]]:
        key = frozenset(files), formula
        if key not in self.states:
            shop = self.open_shop()
            shop.runner.waves = waves_of(shop.runner, self.graph, formula)
            shop.run([FILES[number] for number in sorted(key[0])])
            self.states[key] = shop.state(exact=False)
        return self.states[key]


@dataclass
class History:
    """`loaded`: numbers of the files in raw. `formulas`: since when each was live, oldest first."""

    shop: Shop
    graph: dict[str, Any]
    loaded: set[int] = field(default_factory=set)
    moments: list[datetime] = field(default_factory=list)
    formulas: list[tuple[datetime, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.go_live(SINGLE)

    @property
    def formula(self) -> str:
        return self.formulas[-1][1]

    def play(self, steps: Iterable[tuple[str, Any]]) -> None:
        for name, value in steps:
            getattr(self, name)(value)

    def load(self, numbers: list[int]) -> None:
        files = [FILES[number] for number in numbers]
        self.shop.load(files)
        log(self.shop, files)
        self.loaded |= set(numbers)

    def run(self, _: None = None) -> None:
        self.shop.runner.run()
        self.moments.append(self.shop.now())

    def crash(self, after: int) -> None:
        """A run that ends inside the script of ods.sales."""
        self.shop.runner.crash("ods.sales", after)

    def release(self, formula: str) -> None:
        """With the days that exist, as a person requests them."""
        self.go_live(formula)
        self.shop.warehouse.query(WRITE_AGAIN)
        self.run()

    def unload(self, numbers: list[int]) -> None:
        """Each file that is in raw; the code stays."""
        for number in self.loaded & set(numbers):
            load = find_load(Warehouse(self.shop.warehouse.client), None, [NAMES[number]])
            self.go_back(load.moment, list(statements(load, "withdrawn by a test")))
            self.loaded.discard(number)

    def restore(self, number: int) -> None:
        """Tables and code of the end of an earlier run."""
        moment = self.moments[number % len(self.moments)]
        self.go_live(self.formula_at(moment))
        self.go_back(moment)

    def go_back(self, moment: datetime, more: Iterable[str] = ()) -> None:
        """Tables of another release are written again, as docs/runbooks/unload.md requires."""
        plan = self.shop.restore(moment, list(more))
        if self.formula_at(plan.diff.moment) != self.formula:
            self.shop.warehouse.query(WRITE_AGAIN)

    def go_live(self, formula: str) -> None:
        self.formulas.append((self.shop.now(), formula))
        self.shop.runner.waves = waves_of(self.shop.runner, self.graph, formula)

    def formula_at(self, moment: datetime) -> str:
        return [formula for since, formula in self.formulas if since <= moment][-1]


def open_shop(address: str, graph: dict[str, Any]) -> Shop:
    return Shop(Runner(connect(address, f"q{uuid.uuid4().hex[:12]}"), graph), io.StringIO())
