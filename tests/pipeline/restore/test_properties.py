"""Whatever is loaded, run, withdrawn, released and restored in whatever order: the next run gives what the files give.

`make rollback-campaign` plays a hundred sequences.
"""

import os
import threading

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.pipeline.restore.sequences import BEGINNING, STEPS, History, Oracle, open_shop
from tests.pipeline.restore.shop import FIRST, SECOND

pytestmark = pytest.mark.timeout(7200)  # each run of the warehouse takes seconds
PARTS = 2  # of the campaign, for as many processors
SEQUENCES = int(os.environ.get("ROLLBACK_SEQUENCES", "2"))


@pytest.fixture(scope="module")
def oracle(sandbox, graph):
    return Oracle(lambda: open_shop(sandbox.address, graph), graph)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_next_run_equals_the_files_that_were_not_withdrawn(sandbox, graph, oracle, part):
    @seed(part)
    @settings(
        max_examples=SEQUENCES // PARTS,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(steps=STEPS)
    def play(steps):
        history = History(open_shop(sandbox.address, graph), graph)
        history.play([*BEGINNING, *steps, ("run", None)])
        assert history.shop.state(exact=False) == oracle.state(history.loaded, history.formula)

    play()


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
