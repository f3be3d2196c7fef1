"""Rows put in order by moving as few of them as possible, each whole, with all that people have beside it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """Rows [start, end) go before row `to`; all counted before anything moves."""

    start: int
    end: int
    to: int


def moves(now: Sequence[int], most: int) -> list[Move] | None:
    """What sorts `now`, a permutation of 0 … n-1; None where that takes more than `most` moves."""
    stay = longest_ascent(now)
    rows, found, rank = list(now), list[Move](), 0
    while rank < len(rows):
        if rank in stay:
            rank += 1
            continue
        if len(found) == most:
            return None
        start = rows.index(rank)
        end = start + 1
        while end < len(rows) and rows[end] == rows[end - 1] + 1 and rows[end] not in stay:
            end += 1
        to = rows.index(rank - 1) + 1 if rank else 0
        if to != start:
            found.append(Move(start, end, to))
            block = rows[start:end]
            del rows[start:end]
            at = to if to < start else to - len(block)
            rows[at:at] = block
        rank += end - start
    return found


def longest_ascent(numbers: Sequence[int]) -> set[int]:
    """A longest ascending subsequence: what need not move."""
    tails, before = list[int](), dict[int, int | None]()
    for number in numbers:
        length = bisect_left(tails, number)
        before[number] = tails[length - 1] if length else None
        tails[length : length + 1] = [number]
    kept, at = set[int](), tails[-1] if tails else None
    while at is not None:
        kept.add(at)
        at = before[at]
    return kept


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as [start, end) of those that follow each other."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found
