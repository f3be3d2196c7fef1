"""Whatever is loaded, run, withdrawn and restored in whatever order: the next run gives what the files give."""

import io
import threading
import uuid

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.restore.unload import find_load, statements
from pipeline.restore.warehouse import Warehouse
from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import FILES
from tests.pipeline.restore.shop import FIRST, SECOND, Shop
from tests.pipeline.restore.test_unload import log

pytestmark = pytest.mark.timeout(900)  # each step runs the whole warehouse
NAMES = [name for _, name, _ in FILES]
FILE = st.integers(0, len(FILES) - 1)
STEP = st.one_of(
    st.tuples(st.just("load"), st.lists(FILE, min_size=1, max_size=5, unique=True)),
    st.tuples(st.just("unload"), st.lists(FILE, min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("crash"), st.integers(3, 12)),
    st.tuples(st.just("restore"), st.integers(0, 9)),
)
# The first steps have nothing to restore or to unload, so each example begins with a load.
STEPS = st.tuples(st.just(("load", [1, 2, 3, 5])), st.lists(STEP, min_size=2, max_size=3))


def open_shop(sandbox, graph):
    return Shop(Runner(connect(sandbox.address, f"q{uuid.uuid4().hex[:12]}"), graph), io.StringIO())


class History:
    """A shop with the files that are in raw now, and the moments after each step."""

    def __init__(self, shop):
        self.shop, self.loaded, self.moments = shop, set(), []

    def load(self, numbers):
        files = [FILES[number] for number in numbers]
        self.shop.load(files)
        log(self.shop, files)
        self.shop.runner.run()
        self.loaded |= set(numbers)
        self.moments.append(self.shop.now())

    def unload(self, numbers):
        for number in self.loaded & set(numbers):
            load = find_load(Warehouse(self.shop.warehouse.client), None, [NAMES[number]])
            self.shop.restore(load.moment, list(statements(load, "withdrawn by a test")))
            self.loaded.discard(number)

    def crash(self, after):
        """A run that ends inside the script of ods.sales."""
        self.shop.runner.crash("ods.sales", after)

    def restore(self, number):
        self.shop.restore(self.moments[number % len(self.moments)])


@settings(
    max_examples=2,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_the_next_run_equals_the_files_that_were_not_withdrawn(sandbox, graph, steps):
    history = History(open_shop(sandbox, graph))
    for name, value in [steps[0], *steps[1]]:
        getattr(history, name)(value)
    history.shop.run()

    expected = open_shop(sandbox, graph)
    expected.run([FILES[number] for number in sorted(history.loaded)])
    assert history.shop.state(exact=False) == expected.state(exact=False)


READ = """
select
  (select count(*) from ods.sales where date(datetime) is not null) as sales,
  (select count(*) from ods.products) as products,
  (select sum(revenue) from dmt.daily_sales) as revenue,
  (select max(written_at) from ods.checkpoints where written_at >= timestamp '2020-01-01') as checkpoint
"""


def test_a_reader_sees_the_state_before_or_after(shop):
    """Several tables in one query, again and again while two restores run."""
    shop.run(FIRST)
    moment = shop.now()
    [before] = shop.warehouse.query(READ)
    shop.run(SECOND)
    later = shop.now()
    [after] = shop.warehouse.query(READ)
    stop, seen, reads = threading.Event(), [], [0]

    def poll():
        while not stop.is_set():
            seen.extend(shop.warehouse.query(READ))
            reads[0] += 1

    reader = threading.Thread(target=poll)
    reader.start()
    shop.restore(moment)
    shop.restore(later)
    stop.set()
    reader.join()
    assert before != after and reads[0] >= 3
    assert [row for row in seen if row not in (before, after)] == []
    assert shop.warehouse.query(READ) == [after]
