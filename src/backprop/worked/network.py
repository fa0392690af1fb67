"""The article's whole network as one worksheet: from the image to the loss, and all the way back.

It is put together from the worked layers of chapters 01 to 05; only their order is written here.
"""

from backprop.worked import conv, loss, pool
from backprop.worksheet import Worksheet

# (gradient, of, with respect to, upstream): each proof starts at the gradient that the last one
# showed, so by the chain rule all of them together show the derivatives of the loss
CHAIN = (
    ("dz", "L", "z", None),
    ("dW", "z", "W", "dz"),
    ("db", "z", "b", "dz"),
    ("dA", "z", "A", "dz"),
    ("dm", "A", "m", "dA"),
    ("dy", "m", "y", "dm"),
    ("dF", "y", "F", "dy"),
    ("dx", "y", "x", "dy"),
)


def network(x, F, W, b, label, *, title="The whole network, forward and back"):
    """x → y → m → A → z → p → L, then dz, dW, db, dA, dm, dy, dF, dx. The end of part 1.

    x (H,W) under the kernel F (U,V) gives y; m is the largest of each 2×2 block; A is m in a row,
    of the length that W has; `label` is the number of the right class, from 1.
    Raises ValueError where the sizes do not fit.
    """
    sheet = Worksheet(title)
    sheet.given("x", x)
    sheet.given("F", F)
    meetings = conv.add_output(sheet)
    windows = pool.add_maxima(sheet)
    m = sheet.grids["m"].cells
    A = sheet.define("A", m.ravel())
    loss.add_dense(sheet, W, b)
    loss.add_cross_entropy(sheet, label)
    loss.add_logit_gradient(sheet)
    loss.add_dense_gradients(sheet)
    sheet.define("dm", sheet.grids["dA"].cells.reshape(m.shape))
    sent = pool.TIES["first"](sheet, windows)
    pool.add_sent(sheet, windows, sent)
    conv.add_kernel_gradient(sheet, meetings)
    conv.add_input_gradient(sheet, meetings)
    _tell(sheet, A.size)
    return sheet


def prove(sheet):
    """Prove every gradient of a `network`, from the loss back; return the proofs."""
    return [
        sheet.prove(name, of=of, wrt=wrt, upstream=upstream) for name, of, wrt, upstream in CHAIN
    ]


def _tell(sheet, features):
    """One step for each layer, forward and back; then both ends at once, then everything."""
    cells = {name: grid.cells for name, grid in sheet.grids.items()}
    sheet.step(cells["y"], "Convolution: each entry from its window.", show=("x", "F", "y"))
    sheet.step(cells["m"], "Max pooling: the largest of each block.", show=("y", "m"))
    sheet.step(cells["A"], "Flattened: the map, read row by row.", show=("m", "A"))
    sheet.step(cells["z"], "The dense layer.", show=("A", "W", "b", "z"))
    sheet.step(cells["p"], "Softmax.", show=("z", "top", "c", "e", "s", "p"))
    sheet.step(cells["L"], "Cross-entropy: the loss.", show=("c", "s", "p", "label", "t", "L"))
    sheet.step(cells["dz"], "Back: share minus target.", show=("p", "label", "t", "L", "dz"))
    note = "Each weight: its input times its output's dz."
    sheet.step(cells["dW"], note, show=("A", "dz", "dW", "db"))
    note = f"Each of the {features} inputs is in every logit."
    sheet.step(cells["dA"], note, show=("W", "dz", "dA"))
    sheet.step(cells["dm"], "Folded back into a map.", show=("dA", "dm"))
    note = "Each dm goes, whole, to the cell that won its block."
    sheet.step(cells["dy"], note, show=("y", "k", "dm", "dy"))
    note = "The kernel's gradient: dy slides over x, once for each tap."
    sheet.step(cells["dF"][0, 0], note, show=("x", "dy", "dF"))
    note = "The input's gradient: every pixel pulls from the outputs that saw it."
    sheet.step(cells["dx"], note, show=("F", "dy", "dx"))
    note = "Both ends: change a pixel, a tap or the label."
    sheet.step([], note, show=("x", "F", "label", "L", "dF", "dx"))
    note = "And all that lies between."
    show = ("x", "F", "y", "W", "b", "label", "p", "L", "dz", "dW", "db", "dm", "dy", "dF", "dx")
    sheet.step([], note, show=show)
