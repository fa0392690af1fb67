import re

import pytest

from backprop import progress as module


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed: the bar's HTML, one state after another."""
    states = []

    class Handle:
        def update(self, html):
            states.append(html.data)

    def display(html, display_id):
        assert display_id is True
        states.append(html.data)
        return Handle()

    monkeypatch.setattr(module, "display", display)
    return states


def test_the_bar_fills_and_is_gone_at_the_end(shown):
    assert list(module.progress("abcd", 4, label="Training")) == [*"abcd"]
    first, *filling, last = shown
    assert first == last == ""
    assert [re.search(r'value="(\d+)"', state)[1] for state in filling] == ["25", "50", "75", "100"]
    assert all("Training: " in state for state in filling)


def test_it_is_drawn_once_for_each_per_cent(shown):
    assert len(list(module.progress(range(1000), 1000, label="x"))) == 1000
    assert len(shown) == 102


def test_it_is_gone_after_an_error(shown):
    def fails():
        yield 1
        raise KeyError

    with pytest.raises(KeyError):
        list(module.progress(fails(), 2, label="x"))
    assert shown[-1] == ""


def test_without_a_notebook_there_is_no_bar():
    assert list(module.progress("abcd", 4, label="Training")) == [*"abcd"]
