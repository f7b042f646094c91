# Two commands are all a fresh machine needs: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WEB := clients/web
VENDOR := src/countenance/server/static/vendor

.PHONY: demo test format figures faults faults-page cards release clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    a live call between two people whom the project draws and speaks itself, to click through; CI=true plays it once and checks it"
	@echo "make test    everything CI checks"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: run make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml research/pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . -e research
	@touch $@

$(STAMP): $(BIN)/python pyproject.toml research/pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,train]' -e research
	@touch $(VENV)/.core $@

# What browsers load. It is built where npm is; without it one line says what pages then lack.
$(VENDOR)/countenance.js: $(WEB)/package-lock.json $(WEB)/build.sh $(wildcard $(WEB)/*.ts $(WEB)/scripts/* $(WEB)/src/*.ts $(WEB)/src/*/*.ts schema/*.json)
	@sh $(WEB)/build.sh

demo: $(VENV)/.core $(VENDOR)/countenance.js
	@$(BIN)/countenance demo --out demo

# What browsers load is built while pip installs.
test:
	@$(MAKE) --no-print-directory --jobs=2 $(STAMP) $(VENDOR)/countenance.js
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run.sh

format: $(STAMP)
	$(BIN)/ruff format src research tests bench
	$(BIN)/ruff check --fix src research tests bench

figures: $(STAMP)
	$(BIN)/python -m bench.figures

faults: $(STAMP)
	$(BIN)/python -m bench.faults

faults-page: $(STAMP)
	$(BIN)/python -m bench.faults.page

cards: $(STAMP)
	$(BIN)/python -m bench.cards

release: $(STAMP) $(VENDOR)/countenance.js
	@$(BIN)/python -m bench.release.build

clean:
	rm -rf $(VENV) demo report
