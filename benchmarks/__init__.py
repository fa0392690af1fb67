"""How fast the package is: `make bench`, or `python -m benchmarks --only conv`. No part of it."""
