"""A response in an error never contains a part of a secret, wherever it repeats it."""

import pytest

from runtime.errors import MAX_EXCERPT, describe_body


@pytest.mark.parametrize("secret", ["long-secret-" * 40, 'it\'s a \\ and a "quote"'])
@pytest.mark.parametrize("before", [0, MAX_EXCERPT - 3, MAX_EXCERPT])
def test_a_secret_is_redacted_also_where_the_text_is_cut(secret, before):
    content = f"{'.' * before}{secret} is unknown".encode()
    text = describe_body(content, lambda text: text.replace(secret, "***"))
    assert text.strip("'") == f"{'.' * before}*** is unknown"[:MAX_EXCERPT]


def test_bytes_of_another_charset_are_shown():
    assert describe_body(b"\xff<html>\n", str) == "'\ufffd<html>\\n'"
