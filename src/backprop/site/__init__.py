"""What the built pages are made of beyond the theme; only `backprop.sphinx_ext` imports this."""
