"""Amounts in words: the same on the page, in mails and in log lines."""

from decimal import Decimal

import pytest

from runtime.amounts import describe_amount


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (1, "failed loads", "1 failed load"),
        (1.0, "rows", "1 row"),
        (1.2, "hours", "1.20 hours"),
        (0, "files", "0 files"),
        (2, "failed runs", "2 failed runs"),
        (1, "percent", "1 percent"),
        (1, "GiB", "1 GiB"),
        (1_234_567.0, "rows", "1,234,567 rows"),
        (Decimal("0.25"), "GiB", "0.25 GiB"),
    ],
)
def test_an_amount_has_its_unit(amount: float, unit: str, text: str) -> None:
    assert describe_amount(amount, unit) == text
