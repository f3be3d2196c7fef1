"""A process that dies after any change of the world, and another one that goes on."""

import itertools

from tests.connector.key_rotation.vault import YEAR

from tests.connector.crash_injection import Killed, Mortal


def deaths(act):
    """`act(adapter)` in processes that die after their first change, their second, … until one survives."""
    for change in itertools.count(1):
        try:
            act(Mortal(change))
        except Killed:
            yield change
        else:
            return


def test_killed_in_the_middle_of_a_turn(vault):
    """A job that starts in between gets a key that works; the next run ends the turn; nothing piles up."""
    before = vault.first
    for change in deaths(lambda adapter: turn(vault, adapter)):
        assert vault.opens(vault.latest()) and vault.opens(before), change
        assert len(vault.issued()) <= 2, change  # one more than was there, the first being a person's
        vault.publish(**vault.event)  # nobody acknowledged it, so it comes again
        vault.run()
        assert vault.opens(vault.latest()) and vault.latest() != before, change
        vault.retire()
        assert not vault.opens(before), change
        only_one(vault)
        before = vault.latest()
    assert change > 3


def turn(vault, adapter):
    vault.due()
    [vault.event] = [one for one in vault.drain() if one["eventType"] == "SECRET_ROTATE"]
    vault.publish(**vault.event)
    vault.run(adapter=adapter)


def only_one(vault):
    assert list(vault.states().values()).count("ENABLED") == len(vault.issued()) == 1


def test_killed_while_old_keys_are_retired(vault):
    turn(vault, None)
    for change in deaths(lambda adapter: vault.run(adapter=adapter, later=YEAR)):
        assert vault.opens(vault.latest()), change
        vault.retire()
        only_one(vault)
        turn(vault, None)
    assert change >= 3
