PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo test check bench docs pictures lock

help:
	@echo "make setup   install everything into $(VENV)"
	@echo "make demo    run the whole job against the sandbox world (ARGS=--headless: no waiting at the end)"
	@echo "make test    everything CI runs: check, then all tests"
	@echo "make check   formatter, linter and type checker"
	@echo "make bench   measured figures, as ratios where possible"
	@echo "make docs    write anew what the pages take from the code"
	@echo "make pictures take the pages' screenshots anew (needs Chromium)"
	@echo "make lock    resolve the dependencies again into requirements.lock"

setup: $(VENV)/.installed

# --no-deps on our own package: everything it needs is in the lock file, with hashes.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("paperbot needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	@$(BIN)/paperbot demo $(ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)

bench: setup
	@$(BIN)/python -m benchmarks $(ARGS)

docs: setup
	@$(BIN)/python -m docs.generate

pictures: setup
	@$(BIN)/python -m docs.pictures

lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --group dev pyproject.toml -o requirements.lock
