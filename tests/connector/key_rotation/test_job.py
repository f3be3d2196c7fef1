"""A due secret gets a new key that works; whatever step fails, a job that starts reads a working key."""

from datetime import timedelta

import pytest

from connector.errors import IncompleteRun, KeyRejected, SecretError, SecretRefused
from connector.key_rotation import job
from tests.connector.key_rotation.fake_secret import PROJECT


def test_a_due_secret_gets_a_new_key_and_loses_the_old_one_a_day_later(secret):
    secret.make_due()
    secret.run()
    new = secret.latest()
    assert new != secret.first
    assert secret.states() == {1: "ENABLED", 2: "ENABLED"}
    assert secret.is_accepted(new) and secret.is_accepted(secret.first)  # a running job still uses the first
    secret.run(later=timedelta(hours=23))
    assert secret.is_accepted(secret.first)
    secret.run(later=timedelta(hours=25))
    assert secret.states() == {1: "DISABLED", 2: "ENABLED"}
    assert secret.is_accepted(new) and not secret.is_accepted(secret.first)
    assert len(secret.issued()) == 1


def test_the_log_has_the_facts_that_alerts_read(secret):
    secret.make_due()
    secret.run()
    secret.run(later=timedelta(days=3))
    lines = secret.lines()
    assert [line["version"] for line in lines if line.get("rotated")] == [2]
    ages = [line["age_days"] for line in lines if "age_days" in line]
    assert ages == [pytest.approx(0, abs=0.01), pytest.approx(3, abs=0.01)]
    assert {line["secret"] for line in lines if "age_days" in line or line.get("rotated")} == {secret.id}
    assert not any(key in secret.output.getvalue() for key in (secret.first, secret.latest()))


def test_without_messages_nothing_is_rotated(secret):
    secret.run()
    assert secret.lines()[0]["message"] == "no secret is due"
    assert secret.states() == {1: "ENABLED"}


def test_a_message_that_is_delivered_twice_is_one_rotation(secret):
    """In one pull, and again after the rotation: the event is older than the version that it led to."""
    secret.make_due()
    [event] = secret.drain()
    secret.publish(**event)
    secret.publish(**event)
    secret.run()
    secret.publish(**event)
    secret.run()
    assert secret.states() == {1: "ENABLED", 2: "ENABLED"}
    assert "not rotated again" in secret.output.getvalue()
    secret.make_due()
    secret.run()
    assert len(secret.states()) == 3  # this one is new


def test_other_messages_are_acknowledged(secret):
    secret.publish(eventType="SECRET_VERSION_ADD", secretId=secret.name)
    secret.publish(eventType="SECRET_ROTATE")
    secret.publish(anything="else")
    secret.run()
    assert secret.drain() == []
    assert secret.states() == {1: "ENABLED"}


def test_an_undeclared_secret_fails_the_run_once(secret):
    secret.publish(eventType="SECRET_ROTATE", secretId=f"projects/{PROJECT}/secrets/wifi")
    with pytest.raises(
        IncompleteRun, match=f"'wifi' is due, but no source declares its rotation .*{secret.id}"
    ):
        secret.run()
    assert secret.drain() == []


def test_an_invalid_time_is_replaced_by_that_of_the_message(secret):
    secret.publish(eventType="SECRET_ROTATE", secretId=secret.name, timestamp="soon")
    secret.run()
    assert secret.states() == {1: "ENABLED", 2: "ENABLED"}


# Failures at the source


def test_a_new_key_that_does_not_work_is_not_stored(secret):
    secret.make_due()
    secret.set_faults(dead_keys=1)
    with pytest.raises(
        IncompleteRun, match="has just issued does not work and is revoked; the previous one stays"
    ):
        secret.run()
    assert secret.states() == {1: "ENABLED"}
    assert (secret.latest(), secret.is_accepted(secret.first), secret.issued()) == (secret.first, True, [])
    secret.set_faults()
    secret.run()  # the message was released
    assert secret.is_accepted(secret.latest()) and secret.latest() != secret.first


def test_an_api_that_issues_no_key_changes_nothing(secret):
    secret.make_due()
    secret.set_faults(no_keys=1)
    with pytest.raises(IncompleteRun, match="POST .*/keys returned 503"):
        secret.run()
    assert (secret.states(), secret.latest()) == ({1: "ENABLED"}, secret.first)
    assert len(secret.drain()) == 1


def revoke_before_adding(secret, managed, then=lambda: None):
    """The next version of `managed` has a key that was revoked just before; then `then` is called."""
    add_version = managed.add_version

    def add_revoked(value):
        managed.add_version = add_version
        key_id = secret.request("GET", "keys/self", value).json()["id"]
        secret.request("DELETE", f"keys/{key_id}", secret.master)
        version = add_version(value)
        then()
        return version

    managed.add_version = add_revoked


def test_a_stored_key_that_stops_working_is_replaced_by_the_previous_one(secret):
    """A job that starts reads the newest version: only disabling it would leave the job without a key."""
    secret.make_due()
    context = secret.create_context()
    revoke_before_adding(secret, context.targets[secret.id].secret)
    with pytest.raises(IncompleteRun, match="version 2 of .* is disabled, 3 is the previous key"):
        job.rotate_due(context)
    assert secret.states() == {1: "ENABLED", 2: "DISABLED", 3: "ENABLED"}
    assert secret.latest() == secret.first
    secret.run()  # the event still counts, although version 3 is newer
    assert secret.latest() != secret.first and secret.is_accepted(secret.latest())
    secret.retire()
    assert secret.states() == {1: "DISABLED", 2: "DISABLED", 3: "DISABLED", 4: "ENABLED"}
    assert not secret.is_accepted(secret.first)


def test_a_stored_key_that_stops_working_is_not_replaced_below_a_newer_version(secret):
    secret.make_due()
    context = secret.create_context()
    revoke_before_adding(
        secret, context.targets[secret.id].secret, then=lambda: secret.add_version(secret.first)
    )
    with pytest.raises(IncompleteRun, match="version 2 of .* is disabled, there is a newer one"):
        job.rotate_due(context)
    assert secret.states() == {1: "ENABLED", 2: "DISABLED", 3: "ENABLED"}
    assert secret.latest() == secret.first


@pytest.mark.parametrize(("error", "keys"), [(SecretRefused, 0), (SecretError, 1)])
def test_a_key_is_revoked_only_if_it_was_certainly_not_stored(secret, error, keys):
    """After a lost response it may be stored, and a job may use it."""
    secret.make_due()
    context = secret.create_context()

    def add(value):
        raise error("could not add a version")

    context.targets[secret.id].secret.add_version = add
    with pytest.raises(IncompleteRun, match="could not add a version"):
        job.rotate_due(context)
    assert len(secret.issued()) == keys
    assert (secret.states(), secret.latest()) == ({1: "ENABLED"}, secret.first)


@pytest.mark.parametrize("when", ["before it was due", "after"])
def test_a_wrong_version_that_a_person_added_is_skipped(secret, when):
    if when == "after":
        secret.make_due()
    secret.add_version("typed wrong")
    if when != "after":
        secret.make_due()
    secret.run()
    assert secret.is_accepted(secret.latest())
    secret.retire()
    assert secret.states() == {1: "DISABLED", 2: "DISABLED", 3: "ENABLED"}


def test_a_wrong_newest_version_retires_nothing(secret):
    secret.add_version("typed wrong")
    with pytest.raises(
        IncompleteRun, match="version 2 of .* is rejected; its older versions are not retired"
    ):
        secret.retire()
    assert secret.states() == {1: "ENABLED", 2: "ENABLED"}
    assert secret.is_accepted(secret.first)


@pytest.mark.parametrize("value", ["line\nbreak", " leads", "käse", "☃"])
def test_a_key_that_a_header_cannot_contain_is_rejected_and_not_logged(secret, value):
    secret.add_version(value)
    with pytest.raises(IncompleteRun) as raised:
        secret.retire()
    assert "is rejected" in str(raised.value)
    assert repr(value)[1:-1] not in secret.output.getvalue()


def test_without_a_working_key_the_error_has_the_remedy(secret):
    key_id = secret.request("GET", "keys/self", secret.first).json()["id"]
    secret.request("DELETE", f"keys/{key_id}", secret.master)
    secret.make_due()
    with pytest.raises(
        IncompleteRun, match=f"Get one from the source .* `python -m scripts.secret {secret.id}`"
    ):
        secret.run()
    assert secret.states() == {1: "ENABLED"}


def test_a_secret_without_an_enabled_version(secret):
    secret.secrets.disable_secret_version(name=f"{secret.name}/versions/1")
    secret.make_due()
    with pytest.raises(IncompleteRun, match="has no enabled version"):
        secret.run()
    assert secret.states() == {1: "DISABLED"}


# Simultaneous and manual rotations


def rotate_before_adding(managed, other, secret_id):
    """Another process with the context `other` rotates just before `managed` gets its next version."""
    add_version = managed.add_version

    def add_late(value):
        managed.add_version = add_version
        job.rotate_now(other, other.targets[secret_id])
        return add_version(value)

    managed.add_version = add_late


def test_two_simultaneous_runs_leave_one_key(secret):
    """Each rotates without seeing the version of the other; both keys work until the older one is retired."""
    secret.make_due()
    context = secret.create_context()
    managed = context.targets[secret.id].secret
    rotate_before_adding(managed, secret.create_context(), secret.id)
    job.rotate_due(context)
    assert secret.states() == {1: "ENABLED", 2: "ENABLED", 3: "ENABLED"}
    assert secret.is_accepted(secret.latest())
    secret.retire()
    assert secret.states() == {1: "DISABLED", 2: "DISABLED", 3: "ENABLED"}
    assert secret.is_accepted(secret.latest()) and len(secret.issued()) == 1


def test_two_manual_rotations_do_not_revoke_each_other_s_keys(secret):
    """The first has issued its key, but not stored it, when the second retires old keys."""
    first, second = secret.create_context(grace=timedelta()), secret.create_context(grace=timedelta())
    rotate_before_adding(first.targets[secret.id].secret, second, secret.id)
    job.rotate_now(first, first.targets[secret.id])
    assert secret.states() == {1: "DISABLED", 2: "DISABLED", 3: "ENABLED"}
    assert secret.is_accepted(secret.latest())
    secret.make_due()
    secret.run()
    secret.retire()
    assert len(secret.issued()) == 1


def test_a_leaked_key_is_rotated_and_revoked_at_once(secret):
    context = secret.create_context(grace=timedelta())
    job.rotate_now(context, context.targets[secret.id])
    assert secret.states() == {1: "DISABLED", 2: "ENABLED"}
    assert secret.is_accepted(secret.latest()) and not secret.is_accepted(secret.first)


def test_keys_of_other_users_of_the_api_are_not_revoked(secret):
    other = secret.request("POST", "keys", secret.master, {"name": "another team"}).json()
    secret.make_due()
    secret.run()
    secret.retire()
    assert secret.is_accepted(other["key"]) and secret.is_accepted(secret.master)


def test_an_outage_of_the_source_is_retried_and_the_message_delivered_again(secret):
    secret.make_due()
    secret.set_faults(status_503=1)
    with pytest.raises(IncompleteRun, match="503"):
        secret.run()
    secret.set_faults(status_503=0.3, seed=3)
    for _ in range(5):
        try:
            secret.run()
            break
        except IncompleteRun:
            continue
    secret.set_faults()
    assert secret.is_accepted(secret.latest()) and secret.latest() != secret.first
    assert "SECRET_ROTATE" not in {event["eventType"] for event in secret.drain()}


def test_a_page_of_html_does_not_verify_a_key(secret):
    context = secret.create_context()
    secret.set_faults(not_json=1)
    with pytest.raises(Exception, match="without JSON") as raised:
        context.targets[secret.id].keys.verify(secret.first)
    assert not isinstance(raised.value, KeyRejected)
