"""Rows or columns inserted, deleted, moved: where each index and each span goes."""

from dataclasses import dataclass
from typing import Protocol

type Span = tuple[int, int]  # [start, end)


class Edit(Protocol):
    """The effect of a structural change on indexes and spans of one dimension."""

    def index(self, at: int) -> int | None:
        """The new index of a row or column; None if it is deleted."""
        ...

    def span(self, start: int, end: int) -> Span | None:
        """The new span of a named range or of a formula's reference; None if all of it is deleted."""
        ...


@dataclass(frozen=True)
class Insert:
    at: int
    count: int

    def index(self, at: int) -> int:
        return at + self.count if at >= self.at else at

    def span(self, start: int, end: int) -> Span:
        return self.index(start), end + self.count if end > self.at else end


@dataclass(frozen=True)
class Delete:
    start: int
    end: int

    def index(self, at: int) -> int | None:
        if self.start <= at < self.end:
            return None
        return at if at < self.start else at - (self.end - self.start)

    def span(self, start: int, end: int) -> Span | None:
        first, right = self.count_remaining(start), self.count_remaining(end)
        return (first, right) if first < right else None

    def count_remaining(self, boundary: int) -> int:
        """The number of remaining indexes before a boundary."""
        return boundary - max(0, min(boundary, self.end) - self.start)


@dataclass(frozen=True)
class Move:
    """[start, end) is moved before `to`; all indexes are those before the move."""

    start: int
    end: int
    to: int

    def index(self, at: int) -> int:
        length = self.end - self.start
        if self.start <= at < self.end:
            return at - self.start + (self.to if self.to <= self.start else self.to - length)
        if self.to <= at < self.start:
            return at + length
        if self.end <= at < self.to:
            return at - length
        return at

    def span(self, start: int, end: int) -> Span:
        """A span of one index moves with it; a longer one only if all of it moves."""
        if end - start == 1 or (self.start <= start and end <= self.end):
            moved = self.index(start)
            return moved, moved + end - start
        return start, end
