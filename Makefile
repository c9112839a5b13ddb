# Every target works from any folder, as root or not. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin

# The name of the stamp changes with the place of the clone and the version of Python, because a
# virtual environment bears both inside: a moved clone is set up anew.
STAMP := .venv/.setup-$(shell { pwd; $(PYTHON) --version || true; } 2>/dev/null | cksum | cut -d' ' -f1)

.PHONY: help setup up demo fmt check test chaos bench wheel-check schema lock clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '  %-12s %s\n' "$$target" "$$text"; done

setup: $(STAMP) ## Create .venv with exactly the locked versions; nothing to do if it is current

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Orderpath needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo missing)." >&2; \
		echo "Name another one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

up: setup ## Database and projections, in the foreground until Ctrl-C
	@$(BIN)/orderpath up

demo: setup ## Orders on their way from new to done, with the figures
	@$(BIN)/orderpath demo

fmt: setup ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

check: setup ## Format, lint, types and import rules; never writes
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

test: setup ## All tests; choose some: make test ARGS="tests/unit -x"
	@$(BIN)/pytest -n 3 $(ARGS)

chaos: setup ## Break what can break under load, again and again: minutes; says what was broken
	@$(BIN)/pytest --rounds 20 tests $(ARGS)

bench: setup ## Measure; choose: make bench ARGS="--help"
	@$(BIN)/python -m benchmarks $(ARGS)

wheel-check: setup ## Build the wheel, install it in a new environment elsewhere, run it there
	@$(BIN)/python -m tests.packaging.wheel_check

schema: setup ## Write the JSON Schemas of paths and rules and docs/contract again from the models
	@$(BIN)/python -m tests.golden.path_schema
	@$(BIN)/python -m tests.golden.rule_schema
	@$(BIN)/python -m tests.golden.contract
	@$(BIN)/python -m tests.golden.command_schemas

lock: ## Write requirements.lock again from the bounds in pyproject.toml
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/pip" install --quiet --disable-pip-version-check 'uv>=0.8,<1'; \
	"$$folder/bin/uv" pip compile pyproject.toml --quiet --all-extras --universal --upgrade \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--output-file requirements.lock

clean: ## Remove .venv, caches and builds; your data folder stays
	@rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
