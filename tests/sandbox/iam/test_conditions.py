"""Expressions of conditions."""

from datetime import UTC, datetime

import pytest

from sandbox.iam.conditions import Context, Unsupported, check, holds

OBJECT = "projects/_/buckets/b/objects/pipeline/lease.json"
NAMED = Context(OBJECT, datetime(2026, 11, 28, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f'resource.name == "{OBJECT}"', True),
        ('resource.name != "other"', True),
        ('resource.name.startsWith("projects/_/buckets/b/objects/pipeline/")', True),
        ('resource.name.startsWith("projects/_/buckets/b/objects/sales/")', False),
        ('resource.name.endsWith(".tflock")', False),
        ('resource.name == "x" || resource.name.endsWith(".json")', True),
        ('resource.name == "x" && resource.name.endsWith(".json")', False),
        ('!(resource.name == "x") && resource.name.endsWith(".json")', True),
        ('resource.name == "x" && resource.name == "y" || resource.name.endsWith(".json")', True),
        ('request.time < timestamp("2026-11-28T12:00:01Z")', True),
        ('request.time < timestamp("2026-11-28T12:00:00Z")', False),
        ('request.time >= timestamp("2026-11-28T14:00:00+02:00")', True),
    ],
)
def test_expressions_are_evaluated(expression: str, expected: bool) -> None:
    assert holds(expression, NAMED) is expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (None, True),
        (frozenset(), True),
        (frozenset({"roles/a"}), True),
        (frozenset({"roles/a", "roles/owner"}), False),
    ],
)
def test_a_grant_can_be_limited_to_roles(changed: frozenset[str] | None, expected: bool) -> None:
    limit = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/a', 'roles/b'])"
    assert holds(limit, Context("projects/p", changed_roles=changed)) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "true",
        'resource.name.matches("a.*")',
        'resource.type == "storage.googleapis.com/Bucket"',
        'resource.name == "x" ||',
        'resource.name == "x" resource.name == "y"',
        'resource.name.startsWith("x"',
        'request.time < timestamp("soon")',
        'request.time < timestamp("2026-13-01T00:00:00Z")',
    ],
)
def test_other_expressions_are_refused_instead_of_ignored(expression: str) -> None:
    with pytest.raises(Unsupported):
        check(expression)
