"""What the browser tests of figure.js draw, and where."""
