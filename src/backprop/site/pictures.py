"""Pictures that load when they are near, into a place of their own size, with fewer colours."""

from __future__ import annotations

import re

from PIL import Image

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
    """Give a plot 256 colours: a third of the bytes, and no difference that is seen."""
    with Image.open(path) as picture:
        if picture.mode != "RGBA":
            return
        picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(path, optimize=True)
