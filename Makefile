# make demo | install | test | check | bench | guards | soak | lab | new. Everything goes into .venv beside this file.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
# Two threads of linear algebra spin against each other on a small machine.
export OPENBLAS_NUM_THREADS ?= 1
# Tests run in as many processes as there are processors, four at most (tests/side_by_side.py).
SIDE_BY_SIDE := -n auto --maxprocesses 4
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo install test check format bench guards soak lab new tables clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Oakum needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/oakum: .venv/bin/python requirements.lock
	@echo "Installing Oakum into .venv (about a minute, once) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch .venv/oakum

.venv/development: .venv/bin/python requirements-dev.lock
	@echo "Installing Oakum and its development tools into .venv (about a minute, once) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch .venv/oakum .venv/development

.venv-checkov/ready: .venv/bin/python tests/oracle/requirements-checkov.lock
	@$(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps -r tests/oracle/requirements-checkov.lock
	@touch .venv-checkov/ready

demo: .venv/oakum ## Show the main job on this machine (ONCE=1: headless, then exit)
	@$(BIN)/python deploy/demo/run.py $(if $(ONCE),--once) $(if $(TERMINAL),--terminal)

install: .venv/oakum ## Only install Oakum into .venv

check: .venv/development ## Format, lint, types, contracts, unit tests, tables: under two minutes
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) -m "not lab and not postgres and not local_slack and not browser and not checkov and not slow"

test: .venv/development .venv-checkov/ready ## Everything that can be tested on this machine, installing what it needs
	@$(BIN)/python -m tests.machine
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/python -m pytest -q $(SIDE_BY_SIDE)

format: .venv/development ## Format and mend what a machine can mend
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .

bench: .venv/development ## Print the figures (EVAL=FOLDER: only search, on your questions)
	@$(BIN)/python -m tests.bench $(if $(EVAL),--eval $(EVAL))

guards: .venv/development ## Take each guard out in turn: its tests must fail
	@$(BIN)/python -m tests.guards $(only)

soak: .venv/development ## Kill executors a thousand times, press thousands of buttons: what is too long for every run
	@$(BIN)/python -m tests.soak

lab: .venv/development ## Start a real Kubernetes cluster on this machine (Linux, root)
	@$(BIN)/python -m tests.machine
	@$(BIN)/python -m tests.lab up

new: .venv/development ## Write the files of a new part: make new kind=check id=no_such_thing
	@$(BIN)/python -m tests.new $(kind) $(id)

tables: .venv/development ## Write REFERENCE.md anew
	@$(BIN)/python -m tests.tables

clean: ## Remove what the other targets made
	@rm -rf .venv .venv-checkov deploy/demo/node_modules .oakum
