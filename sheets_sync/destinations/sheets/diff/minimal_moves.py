"""Reordering of rows with as few moves as possible. A row moves whole, with everything users keep beside it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """Rows [start, end) go before row `target`; all are counted before the move."""

    start: int
    end: int
    target: int


def plan_moves(ranks: Sequence[int], limit: int) -> list[Move] | None:
    """Moves that sort `ranks`, a permutation of 0 … n-1; None if more than `limit` are needed.

    Only rows outside a longest increasing subsequence move, which is the minimum.
    """
    fixed = longest_increasing(ranks)
    rows, moves, rank = list(ranks), list[Move](), 0
    while rank < len(rows):
        if rank in fixed:
            rank += 1
            continue
        if len(moves) == limit:
            return None
        start = rows.index(rank)
        end = start + 1
        while end < len(rows) and rows[end] == rows[end - 1] + 1 and rows[end] not in fixed:
            end += 1
        target = rows.index(rank - 1) + 1 if rank else 0
        if target != start:
            moves.append(Move(start, end, target))
            block = rows[start:end]
            del rows[start:end]
            at = target if target < start else target - len(block)
            rows[at:at] = block
        rank += end - start
    return moves


def longest_increasing(numbers: Sequence[int]) -> set[int]:
    """A longest increasing subsequence, by patience sorting."""
    tails, predecessors = list[int](), dict[int, int | None]()
    for number in numbers:
        length = bisect_left(tails, number)
        predecessors[number] = tails[length - 1] if length else None
        tails[length : length + 1] = [number]
    members, number_or_none = set[int](), tails[-1] if tails else None
    while number_or_none is not None:
        members.add(number_or_none)
        number_or_none = predecessors[number_or_none]
    return members


def group_consecutive(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Increasing numbers as [start, end) of consecutive ones."""
    groups: list[tuple[int, int]] = []
    for number in numbers:
        if groups and groups[-1][1] == number:
            groups[-1] = (groups[-1][0], number + 1)
        else:
            groups.append((number, number + 1))
    return groups
