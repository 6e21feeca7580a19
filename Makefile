.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo test lint check test-all test-flask bench clean
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
PYTHON_FINDER := tests/support/find_python.sh
ENVIRONMENT := -m tests.support.environments

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(VENV)/installed ## the virtual environment that everything else uses, in .venv

$(VENV)/installed: pyproject.toml
	@python=$$($(PYTHON_FINDER)) && $$python $(ENVIRONMENT) $(VENV) '-e.[dev]'

demo: venv ## the VoltTracker example with real traffic: what is kept, and why
	@$(BIN)/python -m examples.volttracker.demo $(ARGS)

test: venv ## all tests, set-up included; make test ARGS=tests/test_event.py for some
	@$(BIN)/python -m tests.support.run_suite $(ARGS)

lint: venv ## style, types, and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## what CI runs: lint, then test

test-all: venv ## the suite on Python 3.10, 3.11, 3.12 and 3.13, as far as installed
	@$(BIN)/python -m tests.support.python_versions $(ARGS)

test-flask: venv ## the Flask tests on Flask 2.2, 3.0, 3.1 and the newest
	@$(BIN)/python -m tests.support.flask_versions

bench: venv ## what an event costs, beside other libraries (some minutes); ARGS=--quick for a first look
	@$(BIN)/python $(ENVIRONMENT) .venvs/bench '-e.[suite]' '-rtests/bench/requirements.txt'
	@.venvs/bench/bin/python -m tests.bench $(ARGS)

clean: ## remove everything that these commands made
	rm -rf $(VENV) .venvs .bench build dist .coverage .coverage.* \
	    .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
