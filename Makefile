# Everything a newcomer needs: `make demo` to see it, `make test` to trust it.
# Each target sets up .venv itself, once; `make clean` forgets it.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
EXTRAS ?= code,sign,dvc,data,model,report
HEAVY_EXTRAS ?= spark
WORKERS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
HEAVY := $(VENV)/.heavy
TRACKING := $(VENV)/.tracking

.DEFAULT_GOAL := help
.PHONY: help demo test test-heavy style types tests self bench docs constraints clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) $(TRACKING) ## see it work on a small ML project (DEMO=dir keeps the project)
	@$(BIN)/mlgate demo $(DEMO)

# What `style` and `types` judge, `self` judges by the same tools.
test: $(READY) ## all that CI checks, but for what is heavy
	@$(MAKE) --no-print-directory self tests

test-heavy: $(HEAVY) ## the tests that need minutes, gigabytes or services
	@echo "== heavy tests"
	@$(BIN)/python -m pytest -m heavy -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

style: $(READY) ## formatting, lint, and the direction of imports
	@echo "== style"
	@$(BIN)/ruff check .
	@$(BIN)/black --check --quiet . || { $(BIN)/black --check .; exit 1; }
	@$(BIN)/lint-imports

types: $(READY) ## mypy, strict
	@echo "== types"
	@$(BIN)/mypy

# Compiled once, not by each of a thousand processes; in the order of the tree, for files of few
# tests are often the longest: as the last ones they would leave workers idle.
tests: $(READY) ## the tests, but for the heavy ones
	@echo "== tests"
	@$(BIN)/python -m compileall -q mlgate
	@$(BIN)/python -m pytest -m "not heavy" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

self: $(READY) ## this repository, judged by its own policy
	@echo "== mlgate check"
	@$(BIN)/mlgate check

bench: $(READY) ## measure every budget beside what a user would run instead (BENCH=--quick)
	@$(BIN)/python -m benchmarks $(BENCH)

docs: $(READY) ## write the generated parts of docs/ anew
	@$(BIN)/python docs/generate.py

constraints: $(READY) ## write down the versions that are installed
	@$(BIN)/python -m pip list --format freeze --exclude-editable \
		--exclude pip --exclude setuptools > constraints.txt

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# uv where the package index has it, because it takes seconds; pip otherwise.
$(READY): pyproject.toml constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "error: no Python 3.11 or newer found" >&2; \
		echo " mend: install one, or name it: make PYTHON=/path/to/python3 ..." >&2; exit 3; }
	@echo "== setting up $(VENV) with $$($(PYTHON) --version)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' || true
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt uv || true
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
		--constraint constraints.txt --editable '.[$(EXTRAS)]' --group dev \
	|| $(BIN)/python -m pip install --quiet \
		--constraint constraints.txt --editable '.[$(EXTRAS)]' --group dev
	@touch $@

# MLflow on sqlite, with which the demo's project logs what it learned, and goes on without.
$(TRACKING): $(READY)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
		--constraint constraints.txt --group demo \
	|| $(BIN)/python -m pip install --quiet --constraint constraints.txt --group demo \
	|| echo "== MLflow could not be installed: the demo goes without"
	@touch $@

# What only heavy tests need, half a gigabyte of it.
$(HEAVY): $(READY)
	@echo "== adding $(HEAVY_EXTRAS) to $(VENV)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python \
		--constraint constraints.txt --editable '.[$(HEAVY_EXTRAS)]' \
	|| $(BIN)/python -m pip install --quiet \
		--constraint constraints.txt --editable '.[$(HEAVY_EXTRAS)]'
	@touch $@
