# Every command runs in .venv, which the first one makes. `make` alone lists them.
PORT ?= 8000
BIN := .venv/bin
BUILD := $(BIN)/jupyter-book build .
# Tests run two at a time. A process calculates by one thread: more would wait for each other.
WORKERS ?= 2
TEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

.DEFAULT_GOAL := help
.PHONY: help book html zip links lab test bench lint clean env
export PYTHON

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' Makefile

book: env ## build the book and serve it at a local address (another port: make book PORT=8001)
	@$(BIN)/python tools/serve.py --check "$(PORT)"
	@$(MAKE) --no-print-directory html
	@$(BIN)/python tools/serve.py _build/html "$(PORT)"

html: env ## build the book into _build/html; only what changed is run again
	$(BUILD) -q

zip: html ## build the book and show its archive, which opens without a server or a network
	@ls -1 $(CURDIR)/_build/html/*.zip

lab: env ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=book

test: env lint ## lint, unit tests, a fresh book, its notebooks run again, its pages in a browser
	$(TEST) --dist worksteal tests --ignore-glob="tests/test_site*.py"
	rm -rf _build
	$(BUILD) -q -W -n --keep-going
	$(TEST) --dist loadscope --nbval _build/jupyter_execute
	$(TEST) --dist worksteal tests/test_site*.py

links: env ## ask each address that the book names whether it is still there; needs the network
	$(BUILD) --builder linkcheck -q

bench: env ## measure how fast the package is, beside PyTorch and autograd where they are installed
	$(BIN)/python -m benchmarks

lint: env ## check style, format, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

clean: ## remove what was built; .venv stays
	rm -rf _build .pytest_cache .ruff_cache .hypothesis

env: .venv/installed ## make .venv and install what is pinned; every command does it when needed
.venv/installed: requirements.txt constraints.txt pyproject.toml tools/make-env
	@tools/make-env
	@touch $@
