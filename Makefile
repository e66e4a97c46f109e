# Counterfoil from a checkout. Needs Python 3.11 to 3.14 with venv, git and make; fetches everything else, locked.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet install --require-hashes
HOST ?= 127.0.0.1
PORT ?= 8000
TEST_WORKERS ?= 2
PIP_TOOLS := pip-tools==7.6.2

# A Python that was replaced or a checkout that was moved leaves an environment that does not run: make it again.
ifneq ($(shell $(PY) -c 'print("runs")' 2>/dev/null),runs)
$(shell rm -f $(VENV)/.made)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint check bench screenshots assets lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-12s %s\n", $$1, $$2 }'

run: $(VENV)/.run assets ## Serve the program (PORT=8000, HOST=127.0.0.1; DEMO=no begins with a company of your own)
	@exec $(PY) -m webapp run --upgrade $(if $(filter no,$(DEMO)),,--demo) --host $(HOST) --port $(PORT)

test: $(VENV)/.dev assets ## Run all tests, on SQLite and PostgreSQL and in a browser
	@$(PY) -m tests.support.browser
	@$(PY) -m pytest -n $(TEST_WORKERS) --dist worksteal

lint: $(VENV)/.dev ## Check style, types, the rooms of the house, templates and dependencies
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m djlint --quiet --lint webapp/templates
	$(VENV)/bin/deptry webapp migrations tools

check: $(VENV)/.run ## Ask the database for every invariant of the business
	@$(PY) -m webapp check

bench: $(VENV)/.dev ## Measure order to cash: cycles per second through the services and by hand-written SQL
	@$(PY) -m tools.bench $(BENCH)

screenshots: $(VENV)/.dev assets ## Take the pictures of README.md with the demo company
	@$(PY) -m tests.support.browser
	@$(PY) -m tools.screenshots

assets: webapp/static/build/manifest.json ## Fetch the pinned static parts and give them names with a hash

lock: ## Lock requirements*.in and package.json again
	rm -rf build/lock && sh tools/make_venv.sh build/lock
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install $(PIP_TOOLS)
	for set in requirements requirements-dev; do \
	    CUSTOM_COMPILE_COMMAND='make lock' build/lock/bin/pip-compile --quiet --no-header --generate-hashes --strip-extras \
	        --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(LOCK) $$set.in || exit; \
	done
	$(MAKE) $(VENV)/.run
	$(PY) -m tools.npm install --package-lock-only
	$(PY) -m tools.npm --folder tests/browser install --package-lock-only

clean: ## Remove what was fetched and built; the database in instance/ stays
	rm -rf $(VENV) node_modules build .test-browser webapp/fonts webapp/static/vendor webapp/static/build

$(VENV)/.made: tools/make_venv.sh
	@sh tools/make_venv.sh $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt tools/link_checkout.py $(VENV)/.made
	@echo "Installing what the program runs on"
	@$(PIP) -r requirements.txt
	@$(PY) tools/link_checkout.py
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what the tests and checks need"
	@$(PIP) -r requirements-dev.txt
	@touch $@

node_modules/.fetched: package.json package-lock.json .npmrc tools/npm.py $(VENV)/.run
	@echo "Fetching the static parts"
	@$(PY) -m tools.npm ci
	@touch $@

webapp/static/build/manifest.json: node_modules/.fetched tools/assets.py $(shell find webapp/static/src -type f)
	@$(PY) -m tools.assets
