"""Rules for what operations take besides arrays: whole numbers, numbers, names.

A rule `allows` a value or not; as a string it says what it expects.
"""
import math
import numbers
import sys
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Whole:
    """A whole number from low to high."""
    low: int
    high: int

    def allows(self, value):
        plain = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        return plain and self.low <= value <= self.high

    def __str__(self):
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, eq=False)
class Number:
    """A number from low to below high, described in words."""
    low: float
    high: float
    words: str

    def allows(self, value):
        plain = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return plain and self.low <= float(value) < self.high

    def __str__(self):
        return self.words


@dataclass(frozen=True, eq=False)
class Optional:
    """None, or what another rule allows."""
    rule: object

    def allows(self, value):
        return value is None or self.rule.allows(value)

    def __str__(self):
        return f"None or {self.rule}"


@dataclass(frozen=True, eq=False)
class Shape:
    """A tuple of whole numbers of at least 1, so many of them unless axes is None."""
    axes: int = None

    def allows(self, value):
        return (isinstance(value, (tuple, list)) and self.axes in (None, len(value))
                and all(_LENGTH.allows(length) for length in value))

    def __str__(self):
        return f"a tuple of {'' if self.axes is None else f'{self.axes} '}whole numbers of at least 1"


@dataclass(frozen=True, eq=False)
class Choice:
    """One of some names."""
    names: tuple

    def allows(self, value):
        return isinstance(value, str) and value in self.names

    def __str__(self):
        return f"one of {', '.join(map(repr, self.names))}"


@dataclass(frozen=True, eq=False)
class Pair:
    """Two numbers, each with its rule, described in words."""
    first: Number
    second: Number
    words: str

    def allows(self, value):
        return (isinstance(value, (tuple, list)) and len(value) == 2
                and self.first.allows(value[0]) and self.second.allows(value[1]))

    def __str__(self):
        return self.words


FINITE = Number(-sys.float_info.max, math.inf, "a finite number")
POSITIVE = Number(sys.float_info.min, math.inf, "a finite number above 0")
NOT_NEGATIVE = Number(0, math.inf, "a finite number of at least 0")
BELOW_ONE = Number(0, 1, "a number from 0 to below 1")
_LENGTH = Whole(1, 2**63 - 1)
