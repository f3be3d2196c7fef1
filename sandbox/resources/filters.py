"""The filter of a subscription: which messages it receives, by their attributes.

    attributes.eventType = "SECRET_ROTATE" AND NOT hasPrefix(attributes.secretId, "projects/1/")

https://cloud.google.com/pubsub/docs/subscription-message-filter
"""

import re
from collections.abc import Callable, Mapping

from sandbox.resources.errors import InvalidArgument

Test = Callable[[Mapping[str, str]], bool]
KEY = r'attributes\.(?P<key>[A-Za-z_]\w*|"[^"]*")'
HAS = re.compile(r'attributes:(?P<key>[A-Za-z_]\w*|"[^"]*")')
EQUAL = re.compile(rf'{KEY}\s*(?P<operator>=|!=)\s*"(?P<value>(?:[^"\\]|\\.)*)"')
PREFIX = re.compile(rf'hasPrefix\(\s*{KEY}\s*,\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*\)')


def matches_filter(text: str, attributes: Mapping[str, str]) -> bool:
    return parse_filter(text)(attributes)


def parse_filter(text: str) -> Test:
    """The test that a filter describes; an empty filter matches every message.

    Raises InvalidArgument for a syntax error.
    """
    if not text.strip():
        return lambda attributes: True
    test, rest = disjunction(text.strip())
    if rest:
        raise InvalidArgument(f"Invalid filter {text!r}: unexpected {rest!r}.")
    return test


def disjunction(text: str) -> tuple[Test, str]:
    """AND and OR do not mix without parentheses."""
    test, rest = negation(text)
    operator = re.match(r"(AND|OR)\b\s*", rest)
    if not operator:
        return test, rest
    tests, word = [test], operator[1]
    # Only the first operator: another one stays in `rest` and is then unexpected.
    while following := re.match(rf"{word}\b\s*", rest):
        test, rest = negation(rest[following.end() :])
        tests.append(test)
    combine = all if word == "AND" else any
    return lambda attributes: combine(test(attributes) for test in tests), rest


def negation(text: str) -> tuple[Test, str]:
    if operator := re.match(r"(NOT\b|-)\s*", text):
        test, rest = negation(text[operator.end() :])
        return lambda attributes: not test(attributes), rest
    if text.startswith("("):
        test, rest = disjunction(text[1:].lstrip())
        if not rest.startswith(")"):
            raise InvalidArgument(f"Invalid filter: a parenthesis of {text!r} is not closed.")
        return test, rest[1:].lstrip()
    return comparison(text)


def comparison(text: str) -> tuple[Test, str]:
    for pattern, make_test in ((HAS, has_attribute), (EQUAL, equals), (PREFIX, has_prefix)):
        if match := pattern.match(text):
            return make_test(match), text[match.end() :].lstrip()
    raise InvalidArgument(f"Invalid filter: {text!r} does not begin with a comparison of attributes.")


def has_attribute(match: re.Match[str]) -> Test:
    key = match["key"].strip('"')
    return lambda attributes: key in attributes


def equals(match: re.Match[str]) -> Test:
    """`!=` requires the attribute to be present, with another value."""
    key, value, equal = match["key"].strip('"'), unescape(match["value"]), match["operator"] == "="
    return lambda attributes: key in attributes and (attributes[key] == value) is equal


def has_prefix(match: re.Match[str]) -> Test:
    key, value = match["key"].strip('"'), unescape(match["value"])
    return lambda attributes: attributes.get(key, "").startswith(value) and key in attributes


def unescape(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)
