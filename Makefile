# MIDS. `make demo` shows it, `make test` proves it. Everything lives in .venv and .mids; nothing is
# installed for the whole machine, except Chromium and PostgreSQL for the tests where the user may do so.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export MIDS_HOME ?= $(CURDIR)/.mids
AS_OF := 2026-06-29

.PHONY: help setup demo dev bi bi-test test check format bench screenshots docs lock bi-lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 14)))' || \
	  { echo "MIDS needs Python 3.11, 3.12 or 3.13: set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked, hash-checked dependencies into $(VENV) (about a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.installed ## Make .venv with the locked dependencies

demo: setup ## Simulate the agencies, run the weekly cycle, publish, summarise
	@$(BIN)/mids sample --out "$(MIDS_HOME)" --if-missing
	@$(BIN)/mids run --as-of $(AS_OF)

dev: setup ## Open the Dagster UI on loopback (http://127.0.0.1:3000)
	@$(BIN)/mids dev

# Superset pins other versions than MIDS (SQLAlchemy 1.4, an old marshmallow): an environment of its own.
.venv-bi/.installed: deploy/superset/requirements.lock
	@test -x .venv-bi/bin/python || $(PYTHON) -m venv .venv-bi
	@echo "Installing Apache Superset, locked and hash-checked, into .venv-bi (a few minutes) …"
	@.venv-bi/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

bi: .venv-bi/.installed ## Apache Superset on the current release (http://127.0.0.1:8088)
	@.venv-bi/bin/python deploy/superset/start.py

bi-test: setup .venv-bi/.installed $(VENV)/.chromium $(VENV)/.postgres ## Test Superset in a browser (slow)
	@$(BIN)/python -m pytest -m bench tests/bi

$(VENV)/.chromium: tests/browser/install_chromium.sh
	@bash tests/browser/install_chromium.sh
	@touch $@

$(VENV)/.postgres: tests/postgres/install_postgres.sh
	@bash tests/postgres/install_postgres.sh
	@touch $@

# One BLAS thread each: two workers that each start two spin more than they reckon.
test: setup $(VENV)/.chromium $(VENV)/.postgres ## Run all tests (bench apart)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

check: setup ## Lint, format, types, SQL style, YAML
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint dbt_project --processes 2 --disable-progress-bar
	@$(BIN)/yamllint --strict -c .ci/yamllint.yml .

format: setup ## Put code and SQL into the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix dbt_project --processes 2 --disable-progress-bar

bench: setup ## Measure (slow); prints every figure with its rivals from the same run
	@$(BIN)/python -m benchmarks

screenshots: demo $(VENV)/.chromium ## Picture the sample's dashboard for docs/dashboard.md
	@$(BIN)/python tests/browser/take_screenshots.py "$(MIDS_HOME)/releases/current/dashboard.html"

docs: setup ## Build the documentation into site/
	@$(BIN)/mkdocs build --quiet --strict -f deploy/mkdocs.yml --site-dir "$(CURDIR)/site"

lock: setup ## Resolve the dependencies anew (needs uv on the path or in .venv)
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --all-extras --quiet pyproject.toml --output-file requirements.lock

bi-lock: setup ## Resolve Superset's environment anew
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet deploy/superset/requirements.in \
	  --output-file deploy/superset/requirements.lock

clean: ## Remove what MIDS made here (asks nothing; the data home too)
	@rm -rf "$(MIDS_HOME)" site build dbt_project/target dbt_project/logs
