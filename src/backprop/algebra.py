"""Derivatives and proofs for formulas that hold a maximum.

Where one argument alone is the largest, a maximum is that argument, so whatever is claimed there is
shown by cases, one for each argument that can be the largest. Where two share the first place there
is no derivative, and nothing is claimed.
"""

import sympy as sp
from sympy.core.relational import Relational

from backprop.formula import when


def slope(formula, cell):
    """Differentiate by one cell; a maximum passes its change on to the argument that it equals."""
    if isinstance(formula, sp.Max):
        moved = (a for a in formula.args if a.has(cell))
        return sp.Add(*(when(sp.Eq(a, formula), slope(a, cell)) for a in moved))
    place = {maximum: sp.Dummy(real=True) for maximum in formula.atoms(sp.Max)}
    held = formula.xreplace(place)
    ways = (held.diff(dummy) * slope(maximum, cell) for maximum, dummy in place.items())
    back = {dummy: maximum for maximum, dummy in place.items()}
    return sp.Add(held.diff(cell), *ways).xreplace(back)


def asked(expression):
    """Collect the maxima that some condition of the expression asks about."""
    conditions = expression.atoms(Relational)
    return set().union(*(condition.atoms(sp.Max) for condition in conditions))


def vanishes(expression, simplify=sp.expand):
    """Say whether an expression is shown to be 0 wherever no maximum is shared.

    Only the maxima that a condition asks about are taken case by case; any other stays as it is.
    True is a proof; False may mean that `simplify` (by default only sp.expand) did not see it.
    """
    maxima = asked(expression)
    if not maxima:
        return sp.expand(expression) == 0 or simplify(expression) == 0
    first = min(maxima, key=sp.default_sort_key)
    # a sum is 0 if each part is; parts that share no maximum need no cases in common
    touched, rest = _parted(expression, first)
    if not asked(rest):  # one group is left, and what asks nothing may be needed to cancel it
        touched, rest = expression, sp.Integer(0)
    cases = (_in_case(touched, first, winner) for winner in first.args)
    return all(vanishes(case, simplify) for case in cases) and vanishes(rest, simplify)


def _parted(expression, maximum):
    """Part a sum: the terms that share a maximum with it, directly or through others; the rest."""
    terms = {term: asked(term) for term in sp.Add.make_args(expression)}
    joined = {maximum}
    while more := set().union(*(a for a in terms.values() if a & joined)) - joined:
        joined |= more
    touched = [term for term, maxima in terms.items() if maxima & joined]
    return sp.Add(*touched), sp.Add(*(term for term in terms if term not in touched))


def _in_case(expression, maximum, winner):
    """Rewrite an expression for the case that the winner alone is the maximum."""
    settled = expression.xreplace({maximum: winner})
    truths = {}
    for relation in settled.atoms(Relational):
        if winner in relation.args and set(relation.args) <= set(maximum.args):
            truths[relation] = (
                relation.func(1, 0) if relation.lhs == winner else relation.func(0, 1)
            )
    return settled.xreplace(truths)
