import itertools

import numpy as np
import pytest

from backprop import conv2d, conv2d_backward
from backprop.worked.conv import forward
from backprop.worked.matrix import line, matrix

X, F, DY = [5, 8, 3, 6, 4], [-3, 1, 4], [2, -3, 1]
GEOMETRIES = [
    {"stride": s, "padding": p, "dilation": d}
    for s, p, d in itertools.product([1, 2, 3], [0, 1], [1, 2])
]


def op_and_gradient(x, F, dy, **geometry):
    """y and dx by the package, for one image and one kernel."""
    x, F, dy = (np.array(a, dtype=float)[None, None] for a in (x, F, dy))
    y = conv2d(x, F, None, **geometry)[0, 0]
    return y, conv2d_backward(dy, x, F, None, **geometry).dx[0, 0]


def test_a_line_is_proved_and_equals_the_op():
    sheet = line(X, F, DY)
    sheet.prove("dx", of="y", wrt="x", upstream="dy")
    values = sheet.values()
    y, dx = op_and_gradient([X], [F], [DY])
    np.testing.assert_array_equal(values["y"], y[0])
    np.testing.assert_array_equal(values["dx"], dx[0])
    assert values["dx"].tolist() == [-6, 11, 2, -11, 4]
    assert len(sheet.steps) == 3 + 5


def test_a_line_reads_dy_to_the_left_while_u_counts_up():
    sheet = line(X, F, DY)
    assert str(sheet.grids["y"].formulas[0]) == "F1*x1 + F2*x2 + F3*x3"
    assert str(sheet.grids["dx"].formulas[2]) == "F1*dy3 + F2*dy2 + F3*dy1"


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_a_matrix_is_proved_and_equals_the_op(geometry):
    rng = np.random.default_rng(0)
    x, kernel = rng.integers(-9, 10, (5, 6)), rng.integers(-9, 10, (2, 3))
    y = conv2d(x[None, None], kernel[None, None], None, **geometry)[0, 0]
    dy = rng.integers(-9, 10, y.shape)
    sheet = matrix(x, kernel, dy, **geometry)
    sheet.prove("dx", of="y", wrt="x", upstream="dy")
    values = sheet.values()
    np.testing.assert_array_equal(values["y"], y)
    np.testing.assert_array_equal(values["y"].ravel(), values["W"] @ x.ravel())
    np.testing.assert_array_equal(values["dx"], op_and_gradient(x, kernel, dy, **geometry)[1])
    np.testing.assert_array_equal(values["dx"].ravel(), values["W"].T @ dy.ravel())


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_a_row_of_pixels_is_an_image_of_height_one(geometry):
    rng = np.random.default_rng(0)
    x, kernel = rng.integers(-9, 10, 8), rng.integers(-9, 10, 3)
    pads = geometry | {"padding": ((0, 0), (geometry["padding"],) * 2)}
    y = conv2d(x[None, None, None], kernel[None, None, None], None, **pads)[0, 0, 0]
    dy = rng.integers(-9, 10, y.shape)
    values = matrix(x, kernel, dy, **geometry).values()
    np.testing.assert_array_equal(values["y"], y)
    np.testing.assert_array_equal(values["dx"], op_and_gradient([x], [kernel], [dy], **pads)[1][0])


def test_each_row_of_the_matrix_is_a_window_of_the_forward_worksheet():
    x, kernel = np.arange(1, 10).reshape(3, 3), [[-3, 1], [4, 2]]
    ours, theirs = matrix(x, kernel, np.ones((2, 2))), forward(x, kernel)
    for mine, formula in zip(
        ours.grids["y"].formulas.flat, theirs.grids["y"].formulas.flat, strict=True
    ):
        taps = dict(zip(ours.grids["W"].cells.flat, ours.grids["W"].formulas.flat, strict=True))
        assert mine.xreplace(taps).doit().equals(formula.doit())


def test_rows_first_then_columns():
    sheet = matrix(X, F, DY)
    assert [step.targets for step in sheet.steps[:4]] == [("y1",), ("y2",), ("y3",), ("dx1",)]
    assert sheet.steps[-1].note.startswith("Column 5 of W is all that x₅ does.")
    column = {str(s) for s in sheet.grids["dx"].formulas[2].free_symbols}
    assert column == {"W13", "W23", "W33", "dy1", "dy2", "dy3"}


def test_x_kernel_and_upstream_keep_the_books_colours():
    tints = {name: grid.tint for name, grid in matrix(X, F, DY).grids.items()}
    assert tints == {"F": 1, "W": 1, "x": 0, "y": None, "dy": 2, "dx": None}


def test_a_kernel_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"matrix: the kernel \(4,\) does not fit x \(3,\)"):
        matrix([1, 2, 3], [1, 2, 3, 4], [1])
