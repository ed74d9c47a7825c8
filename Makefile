# Two commands set everything up: `make render` and `make test`. README.md tells the rest.
PYTHON  ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV    ?= .venv
BIN     := $(VENV)/bin
PROJECT ?= $(patsubst %/project.yaml,%,$(wildcard projects/*/project.yaml))
JOBS    ?= auto

.PHONY: render test test-all check clean help

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

render: $(VENV)/.installed ## render every project in projects/, or PROJECT=path
	@for project in $(PROJECT); do echo "== $$project"; $(BIN)/narrate render "$$project" || exit $$?; done

test: $(VENV)/.installed-dev ## run the tests (about three minutes on two cores)
	$(BIN)/pytest -n $(JOBS) -m "not slow"

test-all: $(VENV)/.installed-all ## run all tests: real books, kills, fault matrices
	$(BIN)/pytest -n $(JOBS)

check: $(VENV)/.installed-dev ## style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean: ## remove what was built and the virtual environment; takes and ledgers stay
	rm -rf $(VENV) projects/*/build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "narrate needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(VENV)/.installed-all: pyproject.toml $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --editable '.[asr,espeak]'
	@touch $@
