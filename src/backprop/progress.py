"""A bar that fills while a notebook works, and is gone when the work is done.

A published page then holds nothing that looks alive and is not; and a second run of a notebook
gives the outputs of the first.
"""

from IPython.display import HTML, display


def progress(things, total, *, label):
    """Hand on things, of which there are `total`, and show how many have been asked for."""
    bar = display(HTML(""), display_id=True)
    if bar is None:  # in plain Python nothing is drawn
        yield from things
        return
    shown = 0
    try:
        for count, thing in enumerate(things, 1):
            yield thing
            if 100 * count // total > shown:  # a browser need not draw more often
                shown = 100 * count // total
                bar.update(HTML(_bar(label, shown)))
    finally:
        bar.update(HTML(""))


def _bar(label, percent):
    """Write the bar for a browser; its words are for those who see none."""
    words = f"{label}: {percent} %"
    return f'<label>{words} <progress max="100" value="{percent}">{words}</progress></label>'
