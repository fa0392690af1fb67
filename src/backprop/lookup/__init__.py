"""Markdown for the pages that list what stands elsewhere: in chapters and in docstrings.

Such a page asks for its list when the book is built, so the list cannot fall behind.
"""

from backprop.lookup.chapters import exercises, slug, sources
from backprop.lookup.docstrings import derived_in, entries, returned

__all__ = ["derived_in", "entries", "exercises", "returned", "slug", "sources"]
