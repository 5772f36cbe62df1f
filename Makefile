# Every command works on a fresh clone: it makes .venv when it is missing or older than the lock.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3,11),(3,12)))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
INPUT ?=
OUT ?= out/demo
ifneq ($(wildcard ../shared/data/README.md),)
export UPTAKE_DATA ?= $(abspath ../shared/data)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test test-full lint bench map label nnunet-env label-env system-packages browser-packages clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/ready: pyproject.toml requirements.lock .ci/make-venv
	@PYTHON="$(PYTHON)" .ci/make-venv $(VENV)

demo: $(VENV)/ready  ## from nothing to a result: a digital patient, or INPUT=folder, through the MONAI Deploy graph
	@BIN=$(BIN) .ci/demo "$(INPUT)" "$(OUT)"

test: $(VENV)/ready system-packages  ## the test suite
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not full"

test-full: $(VENV)/ready browser-packages map  ## also the slow tests (all patients of $$UPTAKE_DATA, the rendered package, the browser)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/ready  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready nnunet-env  ## speed and memory as ratios against a peer, each pair in one run
	$(BIN)/python -m benchmarks

map: $(VENV)/ready  ## the tree, Dockerfile, app.json and pkg.json of the MONAI application package
	@BIN=$(BIN) .ci/stage-map build/map

label: $(VENV)/ready system-packages  ## the annotation server at http://127.0.0.1:8000/, with INPUT=folder or a digital cohort
	@[ -n "$(INPUT)" ] || $(BIN)/uptake phantom cohort out/label-cohort --system head-neck --size 4
	@ulimit -s 32768 2>/dev/null; exec $(BIN)/uptake label serve --import "$(or $(INPUT),out/label-cohort)"

nnunet-env: $(VENV)/nnunet  ## add nnU-Net v2 to .venv, as a peer for benchmarks and some tests

$(VENV)/nnunet: $(VENV)/ready requirements-nnunet.txt
	$(BIN)/python -m pip install -q --no-deps -r requirements-nnunet.txt
	touch $@

label-env: $(VENV)/ready  ## MONAI Label and what it needs; .venv has it already
	@$(BIN)/python -c 'import importlib.util as u, sys; sys.exit(u.find_spec("monailabel") is None)' \
	|| { $(BIN)/python -m pip install -c requirements.lock -e '.[label]' \
	&& $(BIN)/python -m pip install --no-deps monailabel==0.8.5; }

system-packages:  # programs that some tests use; where they are missing and cannot be installed, those tests are skipped
	@.ci/system-packages

browser-packages:  # those, and Chromium
	@.ci/system-packages browser

clean:  ## remove what was built, but not .venv
	rm -rf build out dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
