"""What was given for an argument, or an InputError that says what would be right."""
import math
import numbers
from os import PathLike, fspath

import numpy as np

from ._core import InputError


def whole(name, value, least=None, most=2**63 - 1):
    """An int."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.number)) or not math.isfinite(value) or value != int(value):
        raise InputError(f"{name} is {value!r}, expected a whole number")
    if least is not None and value < least:
        raise InputError(f"{name} is {value!r}, expected at least {least}")
    if not -2**63 <= value <= most:
        raise InputError(f"{name} is {value!r}, expected at most {most}")
    return int(value)


def seed(value):
    return whole("seed", value, 0, 2**64 - 1)


def seed_or_none(value):
    """None: the seed of the file."""
    return None if value is None else seed(value)


def number(name, value):
    """A float."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.number)) or not np.isfinite(value):
        raise InputError(f"{name} is {value!r}, expected a number")
    return float(value)


def text(name, value):
    if not isinstance(value, str):
        raise InputError(f"{name} is {value!r}, expected text")
    return value


def file(name, value):
    """A path as text."""
    if not isinstance(value, (str, PathLike)):
        raise InputError(f"{name} is {value!r}, expected a path")
    if "\0" in fspath(value):
        raise InputError(f"{name} is {value!r}, which has a character that no path has")
    return fspath(value)


def texts(name, values):
    """A list of texts; a single text would be taken for its letters."""
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise InputError(f"{name} is {values!r}, expected a list of texts")
    return list(values)


def array(name, values, dtype=None):
    """An array of real numbers, of any type or of `dtype`."""
    try:
        values = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise InputError(f"{name} is no array of numbers ({error})") from None
    if values.size and (not (np.issubdtype(values.dtype, np.number) or values.dtype == bool) or np.iscomplexobj(values)):
        raise InputError(f"{name} is of type {values.dtype}, expected numbers")
    return values if dtype is None else values.astype(dtype)
