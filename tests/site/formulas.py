"""A second reader of a figure's JSON: evaluates its formulas in Python, as NumPy would.

It shares no code with the worksheet that wrote the JSON or the script that draws it.
"""

import itertools
import math
import operator

import numpy as np

OPERATORS = {
    "+": lambda *terms: sum(terms),
    "*": lambda *factors: math.prod(factors),
    "/": lambda a, b: np.divide(a, b),
    "^": lambda a, b: np.power(float(a), b),
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "max": max,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


def cell_values(worksheet, **given):
    """Return {cell id: value} of a worksheet, with the given numbers replaced where named."""
    values = {}
    for grid in worksheet["grids"]:
        for k, cell in enumerate(cell_ids(grid)):
            if "formulas" in grid:
                values[cell] = value_of(grid["formulas"][k], values)
            else:
                values[cell] = given.get(grid["name"], grid["given"])[k]
    return {cell: float(value) for cell, value in values.items()}


def cell_ids(grid):
    """Name the cells of a grid, row by row: x11, x12, …; x1,10 where a side is over nine."""
    comma = "," if max(grid["shape"], default=0) > 9 else ""
    for index in itertools.product(*(range(1, size + 1) for size in grid["shape"])):
        yield grid["name"] + comma.join(map(str, index))


def value_of(tree, values):
    """Evaluate one formula tree: a number, a cell's id, or [operator, *arguments]."""
    if isinstance(tree, str):
        return values[tree]
    if not isinstance(tree, list):
        return tree
    name, *arguments = tree
    if name == "if":  # the branch not taken may divide by zero
        condition, yes, no = arguments
        return value_of(yes if value_of(condition, values) else no, values)
    return OPERATORS[name](*(value_of(argument, values) for argument in arguments))
