"""All words a figure shows, in one place so that they can be translated."""

WORDS: dict[str, str] = {}
