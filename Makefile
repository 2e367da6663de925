# Customer hub. `make demo` and `make test` need git, make and Python 3.11 or newer, nothing else. Written for GNU make 3.81 and newer.
.DEFAULT_GOAL := help
.PHONY: help demo test check lock bench-pipeline bench-identity bench-companies bench-addresses bench-skew bench-golden bench-writeback clean
SHELL := /bin/sh

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-bench
PEERS_STAMP := $(PEERS)/.installed
SERVE ?= 1
PEOPLE ?= 20000
CUSTOMERS ?= 100000
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:
	@echo "make demo [SERVE=0]                  demo extracts in, published profiles out, API served"
	@echo "make test                            all tests"
	@echo "make check                           ruff and mypy"
	@echo "make lock                            resolve requirements*.in into requirements*.txt (needs uv)"
	@echo "make bench-pipeline [CUSTOMERS=...]  time a full run and a day's delta"
	@echo "make bench-identity                  hub dedupe beside Splink, GoldenMatch and recordlinkage on sets with a truth"
	@echo "make bench-companies                 measure hub dedupe on invented companies"
	@echo "make bench-addresses                 measure the address comparator on real pairs"
	@echo "make bench-skew                      match people who share one phone or one name"
	@echo "make bench-writeback                 how right change orders are, and what a CRM that obeys has left"
	@echo "make bench-golden [CUSTOMERS=...]    time golden records and hold them against the truth"
	@echo "make clean                           remove the virtual environment and caches; data/ stays"

# The first interpreter that runs and is new enough: a name on the PATH alone says nothing (shims, stubs).
$(STAMP): requirements.txt pyproject.toml
	@python=; for name in python3.13 python3.12 python3.11 python3; do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "No Python 3.11 or newer was found (looked for python3.13, python3.12, python3.11, python3). Install one, then run make again." >&2; \
	  exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ]; then \
	  echo "Making $(VENV) with $$($$python --version 2>&1)"; \
	  $$python -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "Python cannot make a virtual environment: on Debian and Ubuntu run 'apt install python3-venv', then make again." >&2; exit 1; }; \
	fi
	@echo "Installing the locked packages (once; several hundred megabytes)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/hub demo --people $(PEOPLE) $(if $(filter 0 no false,$(SERVE)),--no-serve,)

test: $(STAMP)
	@$(BIN)/python -m pytest $(PYTEST)

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

lock:
	for name in requirements requirements-bench; do \
	  uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --no-header \
	    --no-emit-index-url $$name.in -o $$name.txt || exit 1; \
	done

$(PEERS_STAMP): requirements-bench.txt $(STAMP)
	@echo "Installing the engines to compare with into $(PEERS)"
	@$(BIN)/python -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --require-hashes -r requirements-bench.txt
	@touch $(PEERS_STAMP)

bench-identity: $(STAMP) $(PEERS_STAMP)
	@$(BIN)/python -m benchmarks.identity
	@$(BIN)/python -m benchmarks.errors

bench-companies: $(STAMP)
	@$(BIN)/python -m benchmarks.companies

bench-addresses: $(STAMP)
	@$(BIN)/python -m benchmarks.addresses

bench-skew: $(STAMP)
	@$(BIN)/python -m benchmarks.skew

bench-golden: $(STAMP)
	@$(BIN)/python -m benchmarks.golden --customers $(CUSTOMERS)

bench-writeback: $(STAMP)
	@$(BIN)/python -m benchmarks.writeback

bench-pipeline: $(STAMP)
	@$(BIN)/python -m benchmarks.pipeline --customers $(CUSTOMERS)

clean:
	rm -rf $(VENV) $(PEERS) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
