# The commands of the project. They need git, make and Python 3.11 or newer, and
# make their own environment in .venv on first use: `make` alone lists them.

# Names to try for Python, in this order; `make demo PYTHON=/path/to/python` names one.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python
VENV   ?= .venv
DEMO   ?= build/demo

BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP     = $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
# What is not in a lock with this version and this hash is not installed. What builds the
# sources is in a lock too.
LOCKED  = $(PIP) install --require-hashes --use-pep517 --no-build-isolation --requirement
ITSELF  = $(PIP) install --no-deps --no-build-isolation --editable .
LOCK    = UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --universal \
    --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate $(UPGRADE)
# One thread of linear algebra for each of the processes, or they would wait for each other.
PYTEST  = OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo figures test check lint types docs bench soak format lock sbom clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | \
	    awk -F'|' '{ printf "%-14s%s\n", $$1, $$2 }'

demo: $(VENV)/.package  ## a synthetic register, drawn, followed up and compared
	@$(BIN)/evalkit example satakunta --to $(DEMO)
	@$(BIN)/evalkit monthly $(DEMO)/satakunta.toml --all

figures: $(VENV)/.package  ## the report's figures and those it lacks, in build/figures
	@$(BIN)/python figures

test: $(VENV)/.dev  ## every test: doctests, notebooks and simulations too
	@$(PYTEST)

check: lint types docs  ## all that has to hold before a change goes in; ends in the tests
	@$(MAKE) --no-print-directory test PYTEST='$(PYTEST) --cov --cov-report=term:skip-covered'

lint: $(VENV)/.dev  ## formatting and style
	@echo "Formatting and style"
	@$(BIN)/ruff format --check --quiet . || { echo "Mend with: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .

types: $(VENV)/.dev  ## static types
	@echo "Types"
	@$(BIN)/mypy --no-error-summary

docs: $(VENV)/.dev  ## the documentation, in build/docs
	@echo "Documentation: build/docs/index.html"
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going -q docs build/docs

bench: $(VENV)/.dev  ## what things cost in seconds
	@for script in benchmarks/*.py; do $(BIN)/python "$$script" || exit 1; done

soak: $(VENV)/.dev  ## the simulations with thousands of replicates (hours)
	@EVALKIT_REPLICATES=$${EVALKIT_REPLICATES:-5000} EVALKIT_KILLS=$${EVALKIT_KILLS:-200} \
	    EVALKIT_TAMPERINGS=$${EVALKIT_TAMPERINGS:-10000} \
	    EVALKIT_FUZZ_SECONDS=$${EVALKIT_FUZZ_SECONDS:-3600} \
	    $(PYTEST) -m slow

format: $(VENV)/.dev  ## lay out the code, mend what can be mended, strip and pair the notebooks
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/nbstripout notebooks/*.ipynb
	@$(BIN)/jupytext --quiet --sync notebooks/*.ipynb

lock: $(VENV)/.dev  ## bring the locks in line with pyproject.toml (UPGRADE=--upgrade: newest)
	@mkdir -p build/locks && cp *.lock build/locks
	@$(LOCK) --group build --output-file build/locks/requirements-build.lock
	@$(LOCK) pyproject.toml --output-file build/locks/requirements.lock
	@$(LOCK) pyproject.toml --extra dev --extra docs --constraint build/locks/requirements.lock \
	    --output-file build/locks/requirements-dev.lock
	@for lock in *.lock; do \
	    cmp -s build/locks/$$lock $$lock || cp build/locks/$$lock $$lock || exit 1; \
	done

sbom: $(VENV)/.package  ## what evalkit consists of (CycloneDX), in build/sbom.json
	@mkdir -p build && $(BIN)/python docs/sbom.py > build/sbom.json

clean:  ## remove everything that these commands make, .venv too
	@rm -rf $(VENV) build dist docs/api/generated .coverage .coverage.* \
	    .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. Each step leaves a stamp, so that a killed one is done again and a
# finished one is not; a change of pyproject.toml or of a lock makes the whole anew.

$(VENV)/.made: pyproject.toml $(wildcard *.lock)
	@for python in $(PYTHON); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    recent=$$python; \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv --clear $(VENV) && touch $@; exit; \
	done; \
	if [ "$$recent" ]; then \
	    echo "$$("$$recent" --version) here cannot make a virtual environment: apt-get install python3-venv"; \
	else \
	    echo "evalkit needs Python 3.11 or newer: apt-get install python3 python3-venv, or name one: make PYTHON=/path/to/python3"; \
	fi >&2; exit 1

$(VENV)/.build: $(VENV)/.made
	@$(LOCKED) requirements-build.lock && touch $@

$(VENV)/.package: $(VENV)/.build
	@echo "Installing evalkit and its libraries (a minute or two, once)"
	@$(LOCKED) requirements.lock && $(ITSELF) && touch $@

$(VENV)/.dev: $(VENV)/.build
	@echo "Installing evalkit with what tests and documentation need (a few minutes, once)"
	@$(LOCKED) requirements-dev.lock && $(ITSELF) && touch $(VENV)/.package $@
