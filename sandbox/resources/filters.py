"""The filter of a subscription: which messages it gets, by their attributes alone.

    attributes.eventType = "SECRET_ROTATE" AND NOT hasPrefix(attributes.secretId, "projects/1/")

https://cloud.google.com/pubsub/docs/subscription-message-filter
"""

import re
from collections.abc import Callable, Mapping

from sandbox.resources.errors import InvalidArgument

Test = Callable[[Mapping[str, str]], bool]
KEY = r'attributes\.(?P<key>[A-Za-z_]\w*|"[^"]*")'
HAS = re.compile(r'attributes:(?P<key>[A-Za-z_]\w*|"[^"]*")')
EQUAL = re.compile(rf'{KEY}\s*(?P<how>=|!=)\s*"(?P<value>(?:[^"\\]|\\.)*)"')
PREFIX = re.compile(rf'hasPrefix\(\s*{KEY}\s*,\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*\)')


def fits(text: str, attributes: Mapping[str, str]) -> bool:
    return parse(text)(attributes)


def parse(text: str) -> Test:
    """The test that a filter spells; no filter lets everything pass."""
    if not text.strip():
        return lambda attributes: True
    test, rest = disjunction(text.strip())
    if rest:
        raise InvalidArgument(f"Invalid filter {text!r}: nobody expects {rest!r}.")
    return test


def disjunction(text: str) -> tuple[Test, str]:
    """AND and OR do not mix without parentheses."""
    test, rest = negation(text)
    joined = re.match(r"(AND|OR)\b\s*", rest)
    if not joined:
        return test, rest
    tests, word = [test], joined[1]
    while following := re.match(rf"{word}\b\s*", rest):
        test, rest = negation(rest[following.end() :])
        tests.append(test)
    together = all if word == "AND" else any
    return lambda attributes: together(one(attributes) for one in tests), rest


def negation(text: str) -> tuple[Test, str]:
    if found := re.match(r"(NOT\b|-)\s*", text):
        test, rest = negation(text[found.end() :])
        return lambda attributes: not test(attributes), rest
    if text.startswith("("):
        test, rest = disjunction(text[1:].lstrip())
        if not rest.startswith(")"):
            raise InvalidArgument(f"Invalid filter: a parenthesis of {text!r} is not closed.")
        return test, rest[1:].lstrip()
    return comparison(text)


def comparison(text: str) -> tuple[Test, str]:
    for pattern, make in ((HAS, has), (EQUAL, equal), (PREFIX, prefix)):
        if found := pattern.match(text):
            return make(found), text[found.end() :].lstrip()
    raise InvalidArgument(f"Invalid filter: {text!r} begins with no comparison of attributes.")


def has(found: re.Match[str]) -> Test:
    key = found["key"].strip('"')
    return lambda attributes: key in attributes


def equal(found: re.Match[str]) -> Test:
    """`!=` wants the attribute to be there, and to be something else."""
    key, value, same = found["key"].strip('"'), plain(found["value"]), found["how"] == "="
    return lambda attributes: key in attributes and (attributes[key] == value) is same


def prefix(found: re.Match[str]) -> Test:
    key, value = found["key"].strip('"'), plain(found["value"])
    return lambda attributes: attributes.get(key, "").startswith(value) and key in attributes


def plain(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)
