"""A secret that is due gets a new key that works; whatever fails on the way, a job that starts gets one."""

from datetime import timedelta

import pytest
from tests.connector.key_rotation.vault import PROJECT

from connector.errors import IncompleteRun, KeyRejected, SecretError, SecretRefused
from connector.key_rotation import job as rounds


def test_a_due_secret_gets_a_new_key_and_loses_the_old_one_a_day_later(vault):
    vault.due()
    vault.run()
    new = vault.latest()
    assert new != vault.first
    assert vault.states() == {1: "ENABLED", 2: "ENABLED"}
    assert vault.opens(new) and vault.opens(vault.first)  # a job that runs still holds the first
    vault.run(later=timedelta(hours=23))
    assert vault.opens(vault.first)
    vault.run(later=timedelta(hours=25))
    assert vault.states() == {1: "DISABLED", 2: "ENABLED"}
    assert vault.opens(new) and not vault.opens(vault.first)
    assert len(vault.issued()) == 1


def test_what_it_says_can_be_counted(vault):
    vault.due()
    vault.run()
    vault.run(later=timedelta(days=3))
    lines = vault.lines()
    assert [line["version"] for line in lines if line.get("rotated")] == [2]
    ages = [line["age_days"] for line in lines if "age_days" in line]
    assert ages == [pytest.approx(0, abs=0.01), pytest.approx(3, abs=0.01)]
    assert {line["secret"] for line in lines if "age_days" in line or line.get("rotated")} == {vault.id}
    assert not any(key in vault.said.getvalue() for key in (vault.first, vault.latest()))


def test_nothing_is_due(vault):
    vault.run()
    assert vault.lines()[0]["message"] == "no secret is due"
    assert vault.states() == {1: "ENABLED"}


def test_a_message_that_comes_twice_is_one_rotation(vault):
    """In one pull, and once more after the turn: the event's own time is before the version it led to."""
    vault.due()
    [event] = vault.drain()
    vault.publish(**event)
    vault.publish(**event)
    vault.run()
    vault.publish(**event)
    vault.run()
    assert vault.states() == {1: "ENABLED", 2: "ENABLED"}
    assert "not rotated again" in vault.said.getvalue()
    vault.due()
    vault.run()
    assert len(vault.states()) == 3  # this one is new


def test_messages_that_are_no_rotation_are_acknowledged(vault):
    vault.publish(eventType="SECRET_VERSION_ADD", secretId=vault.name)
    vault.publish(eventType="SECRET_ROTATE")
    vault.publish(anything="else")
    vault.run()
    assert vault.drain() == []
    assert vault.states() == {1: "ENABLED"}


def test_a_secret_that_no_source_declares_is_said_once(vault):
    vault.publish(eventType="SECRET_ROTATE", secretId=f"projects/{PROJECT}/secrets/wifi")
    with pytest.raises(IncompleteRun, match=f"'wifi' is due, and no source says how .* {vault.id}"):
        vault.run()
    assert vault.drain() == []


def test_a_time_that_is_none_is_that_of_the_message(vault):
    vault.publish(eventType="SECRET_ROTATE", secretId=vault.name, timestamp="soon")
    vault.run()
    assert vault.states() == {1: "ENABLED", 2: "ENABLED"}


# What the source refuses


def test_a_new_key_that_does_not_work_becomes_no_version(vault):
    vault.due()
    vault.faults(dead_keys=1)
    with pytest.raises(
        IncompleteRun, match="has just issued does not work and is revoked; the one before stays"
    ):
        vault.run()
    assert vault.states() == {1: "ENABLED"}
    assert (vault.latest(), vault.opens(vault.first), vault.issued()) == (vault.first, True, [])
    vault.faults()
    vault.run()  # the message was put back
    assert vault.opens(vault.latest()) and vault.latest() != vault.first


def test_an_api_that_issues_nothing_changes_nothing(vault):
    vault.due()
    vault.faults(no_keys=1)
    with pytest.raises(IncompleteRun, match="POST .*/keys was answered with 503"):
        vault.run()
    assert (vault.states(), vault.latest()) == ({1: "ENABLED"}, vault.first)
    assert len(vault.drain()) == 1


def dying(vault, secret, then=lambda: None):
    """`secret` gets its next version with a key that was revoked a moment before; then something happens."""
    add = secret.add

    def die(value):
        secret.add = add
        identity = vault.ask("GET", "keys/self", value).json()["id"]
        vault.ask("DELETE", f"keys/{identity}", vault.master)
        version = add(value)
        then()
        return version

    secret.add = die


def test_a_key_that_dies_as_a_version_makes_way_for_the_one_before(vault):
    """A job that starts takes the newest version: disabling alone would leave it without a key."""
    vault.due()
    kit = vault.kit()
    dying(vault, kit.rotating[vault.id].secret)
    with pytest.raises(IncompleteRun, match="version 2 of .* is disabled, 3 is the key before"):
        rounds.due(kit)
    assert vault.states() == {1: "ENABLED", 2: "DISABLED", 3: "ENABLED"}
    assert vault.latest() == vault.first
    vault.run()  # the event still waits, although version 3 is younger than it
    assert vault.latest() != vault.first and vault.opens(vault.latest())
    vault.retire()
    assert vault.states() == {1: "DISABLED", 2: "DISABLED", 3: "DISABLED", 4: "ENABLED"}
    assert not vault.opens(vault.first)


def test_a_key_that_dies_behind_a_newer_version_needs_no_other(vault):
    vault.due()
    kit = vault.kit()
    dying(vault, kit.rotating[vault.id].secret, then=lambda: vault.add(vault.first))
    with pytest.raises(IncompleteRun, match="version 2 of .* is disabled, there is a newer one"):
        rounds.due(kit)
    assert vault.states() == {1: "ENABLED", 2: "DISABLED", 3: "ENABLED"}
    assert vault.latest() == vault.first


@pytest.mark.parametrize(("error", "left"), [(SecretRefused, 0), (SecretError, 1)])
def test_a_key_that_surely_became_no_version_is_revoked(vault, error, left):
    """After a lost answer it may be one, and a job may hold it."""
    vault.due()
    kit = vault.kit()

    def add(value):
        raise error("could not add a version")

    kit.rotating[vault.id].secret.add = add
    with pytest.raises(IncompleteRun, match="could not add a version"):
        rounds.due(kit)
    assert len(vault.issued()) == left
    assert (vault.states(), vault.latest()) == ({1: "ENABLED"}, vault.first)


@pytest.mark.parametrize("when", ["before it was due", "after"])
def test_a_bad_version_of_a_person_is_passed_over(vault, when):
    if when == "after":
        vault.due()
    vault.add("typed wrong")
    if when != "after":
        vault.due()
    vault.run()
    assert vault.opens(vault.latest())
    vault.retire()
    assert vault.states() == {1: "DISABLED", 2: "DISABLED", 3: "ENABLED"}


def test_a_bad_version_of_a_person_retires_nothing(vault):
    vault.add("typed wrong")
    with pytest.raises(IncompleteRun, match="version 2 of .* is refused; its older versions are left alone"):
        vault.retire()
    assert vault.states() == {1: "ENABLED", 2: "ENABLED"}
    assert vault.opens(vault.first)


@pytest.mark.parametrize("value", ["line\nbreak", " leads", "käse", "☃"])
def test_what_no_header_can_hold_is_a_refused_key_and_is_not_shown(vault, value):
    vault.add(value)
    with pytest.raises(IncompleteRun) as refused:
        vault.retire()
    assert "is refused" in str(refused.value)
    assert repr(value)[1:-1] not in vault.said.getvalue()


def test_without_a_working_key_a_person_is_told_how(vault):
    identity = vault.ask("GET", "keys/self", vault.first).json()["id"]
    vault.ask("DELETE", f"keys/{identity}", vault.master)
    vault.due()
    with pytest.raises(
        IncompleteRun, match=f"Get one from the source .* `python -m scripts.secret {vault.id}`"
    ):
        vault.run()
    assert vault.states() == {1: "ENABLED"}


def test_a_secret_without_an_enabled_version(vault):
    vault.secrets.disable_secret_version(name=f"{vault.name}/versions/1")
    vault.due()
    with pytest.raises(IncompleteRun, match="has no enabled version"):
        vault.run()
    assert vault.states() == {1: "DISABLED"}


# Several at once, and somebody in a hurry


def test_two_runs_at_once_leave_one_key(vault):
    """Each rotates before it knows of the other; both keys work until the older one is retired."""
    vault.due()
    kit = vault.kit()
    one = kit.rotating[vault.id]
    add = one.secret.add

    def overtaken(value):
        one.secret.add = add
        rounds.at_once(vault.kit(), vault.kit().rotating[vault.id])
        return add(value)

    one.secret.add = overtaken
    rounds.due(kit)
    assert vault.states() == {1: "ENABLED", 2: "ENABLED", 3: "ENABLED"}
    assert vault.opens(vault.latest())
    vault.retire()
    assert vault.states() == {1: "DISABLED", 2: "DISABLED", 3: "ENABLED"}
    assert vault.opens(vault.latest()) and len(vault.issued()) == 1


def test_two_in_a_hurry_leave_each_other_s_keys_alone(vault):
    """The first has its key, but no version of it yet, when the second retires all that it knows."""
    first, second = vault.kit(grace=timedelta()), vault.kit(grace=timedelta())
    secret = first.rotating[vault.id].secret
    add = secret.add

    def overtaken(value):
        secret.add = add
        rounds.at_once(second, second.rotating[vault.id])
        return add(value)

    secret.add = overtaken
    rounds.at_once(first, first.rotating[vault.id])
    assert vault.states() == {1: "DISABLED", 2: "DISABLED", 3: "ENABLED"}
    assert vault.opens(vault.latest())
    vault.due()
    vault.run()
    vault.retire()
    assert len(vault.issued()) == 1


def test_a_leaked_key_is_changed_and_revoked_at_once(vault):
    kit = vault.kit(grace=timedelta())
    rounds.at_once(kit, kit.rotating[vault.id])
    assert vault.states() == {1: "DISABLED", 2: "ENABLED"}
    assert vault.opens(vault.latest()) and not vault.opens(vault.first)


def test_keys_of_others_at_the_api_are_left_alone(vault):
    other = vault.ask("POST", "keys", vault.master, {"name": "somebody else's"}).json()
    vault.due()
    vault.run()
    vault.retire()
    assert vault.opens(other["key"]) and vault.opens(vault.master)


def test_a_source_that_is_away_is_asked_again_and_the_message_comes_back(vault):
    vault.due()
    vault.faults(status_503=1)
    with pytest.raises(IncompleteRun, match="503"):
        vault.run()
    vault.faults(status_503=0.3, seed=3)
    for _ in range(5):
        try:
            vault.run()
            break
        except IncompleteRun:
            continue
    vault.faults()
    assert vault.opens(vault.latest()) and vault.latest() != vault.first
    assert "SECRET_ROTATE" not in {event["eventType"] for event in vault.drain()}


def test_a_page_of_html_proves_nothing(vault):
    kit = vault.kit()
    vault.faults(not_json=1)
    with pytest.raises(Exception, match="no JSON") as garbled:
        kit.rotating[vault.id].keys.prove(vault.first)
    assert not isinstance(garbled.value, KeyRejected)
