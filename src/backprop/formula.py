"""One formula in its printed forms: a tree for the figure, LaTeX for the page."""

import sympy as sp


def total(terms):
    """Add the terms in the order given: SymPy would sort them, a hand does not."""
    terms = [sp.sympify(term) for term in terms]
    return sp.Add(*terms, evaluate=False) if len(terms) > 1 else sum(terms, sp.Integer(0))


def product(*factors):
    """Multiply the factors in the order given."""
    return sp.Mul(*map(sp.sympify, factors), evaluate=False)


def quotient(above, below):
    """Divide, and keep it a division: SymPy would multiply by 1/4, a hand does not."""
    return sp.Mul(above, sp.Pow(below, -1, evaluate=False), evaluate=False)


def maximum(entries):
    """Take the largest entry."""
    return sp.Max(*entries, evaluate=False)


def when(condition, yes, no=0):
    """Choose: `yes` if the condition holds, else `no`."""
    if condition in (sp.true, sp.false):
        return sp.sympify(yes if condition else no)
    return sp.Piecewise((yes, condition), (no, True), evaluate=False)


RELATIONS = {sp.Lt: "<", sp.Le: "<=", sp.Gt: ">", sp.Ge: ">=", sp.Eq: "=="}
FUNCTIONS = {sp.Add: "+", sp.exp: "exp", sp.log: "log", sp.Max: "max", **RELATIONS}


def tree(expression):
    """Write an expression as nested lists: a number, a cell's name or [operator, *arguments]."""
    if expression.is_Symbol:
        return expression.name
    if expression.is_Integer or expression.is_Float:
        return plain(expression)
    if expression.is_Rational:
        return ["/", int(expression.p), int(expression.q)]
    if isinstance(expression, sp.Mul):
        return _fraction(expression)
    if isinstance(expression, sp.Pow):
        return _power(expression)
    if isinstance(expression, sp.Piecewise):
        (value, condition), *rest = expression.args
        if condition == sp.true:
            return tree(value)
        return ["if", tree(condition), tree(value), tree(sp.Piecewise(*rest))]
    if expression.func in FUNCTIONS:
        return [FUNCTIONS[expression.func], *map(tree, expression.args)]
    raise ValueError(f"a worksheet has no way to write {expression}")


def _fraction(expression):
    below = [f for f in expression.args if isinstance(f, sp.Pow) and f.exp.is_negative]
    above = [f for f in expression.args if f not in below]
    top = ["*", *map(tree, above)] if len(above) > 1 else tree(sp.Mul(*above))
    return ["/", top, tree(sp.Mul(*(1 / f for f in below)))] if below else top


def _power(expression):
    base, exponent = expression.args
    if exponent.is_negative:
        return ["/", 1, tree(base**-exponent)]
    return (
        ["sqrt", tree(base)]
        if exponent == sp.Rational(1, 2)
        else ["^", *map(tree, (base, exponent))]
    )


def plain(number):
    """Turn a SymPy or NumPy number into one for JSON: a whole number has no point."""
    number = float(number)
    return int(number) if number.is_integer() else number


def shown(number):
    """Print a number as the figures do: whole, or with four decimals at most."""
    text = f"{float(number):.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def subscript(index):
    """Write a 0-based index as the article does: (0, 1) as ₁₂."""
    return "".join(str(i + 1) for i in index).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def tex_number(number):
    """Print a number inside a formula: a negative one stands in parentheses."""
    return f"({shown(number)})" if number < 0 else shown(number)


def tex_name(name, shape, index):
    """Write x_{11} or dF_{12}; a name that is a word stands upright."""
    word = name if len(name) <= 2 or "\\" in name else rf"\mathrm{{{name}}}"
    comma = "," if max(shape, default=0) > 9 else ""
    return f"{word}_{{{comma.join(str(i + 1) for i in index)}}}" if index else word


def tex_formula(expression, names):
    """Write a formula as LaTeX in the order it was built, each cell under its name in `names`."""
    text = sp.latex(expression, order="none", symbol_names=names, mul_symbol="dot")
    return text.replace(r"\text{for}\:", r"\text{if}\;")  # the word that figures use
