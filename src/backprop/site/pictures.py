"""Pictures that load when they are near, into a place of their own size, with fewer colours."""

from __future__ import annotations

import re

import numpy as np
from PIL import Image
from scipy.spatial import KDTree

WIDE = 540  # px: on a phone a wider picture has little more than half its size
IMAGE = re.compile(r'<img (?![^>]*\bwidth=)([^>]*?\bsrc="[^"]*?([^/"]+\.png)"[^>]*?)\s*/?>')


def sized(body, files):
    """Write into a page how large each picture is, whether it is wide, and that it may wait.

    files: {name of a picture on the site: the file it comes from}.
    """

    def with_size(found):
        source = files.get(found[2])
        if source is None:
            return found[0]
        with Image.open(source) as picture:
            width, height = picture.size
        wide = "data-wide " if width > WIDE else ""
        return f'<img loading="lazy" {wide}width="{width}" height="{height}" {found[1]} />'

    return IMAGE.sub(with_size, body)


def shrink(path):
    """Give a plot its 256 commonest colours: a third of the bytes, and every area as it was.

    Only rare colours change, those at the edges of letters and lines: each to the nearest that is
    kept. Pillow's own palettes would lay pale blue, pale orange and white together.
    """
    with Image.open(path) as picture:
        if picture.mode != "RGBA":
            return
        pixels = np.array(picture).view(np.uint32)  # one number for each colour
    colours, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    colours = colours.view(np.uint8).reshape(-1, 4)
    kept = colours[np.argsort(-counts, kind="stable")[:256]]
    nearest = KDTree(kept).query(colours)[1].astype(np.uint8)
    small = Image.fromarray(nearest[places].reshape(pixels.shape[:2]))
    small.putpalette(kept.tobytes(), "RGBA")
    small.save(path, optimize=True)
