# The verbs of this project. `make run` starts the dashboard, `make test` proves it.
.DEFAULT_GOAL := run
.PHONY: run test test-fast check fix bench chaos fuzz installed chromium machine

# What was compiled once is kept, whatever the machine says: every command and job is a new process.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
APP_STAMP := .venv/.installed
TEST_STAMP := .venv/.installed-tests
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
CHECKED := app.py pages components services tests
# The oldest SDK that the gateway works on, beside the pinned one: `tests/contract/test_sdk_floor.py`.
OLDEST_SDK := .venv/encord-0.1.200

run: $(APP_STAMP)  ## Start the dashboard on http://localhost:8501
	@echo "Starting Encord Onboarding on http://localhost:8501 (Ctrl+C stops it)"
	@$(BIN)/streamlit run app.py

test:  ## Every check and every test, the browser's included
	@$(MAKE) --no-print-directory --jobs=2 check installed $(if $(filter true,$(CI)),$(OLDEST_SDK))
	$(BIN)/pytest -n 2 --dist worksteal

test-fast: $(TEST_STAMP) machine  ## Everything that needs no browser
	$(BIN)/pytest -n 2 --dist worksteal -m "not browser and not chaos"

check: $(TEST_STAMP)  ## Lint, format, types, import contracts
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(TEST_STAMP)  ## Let the tools correct what they can
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; choose one with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { echo "The venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(APP_STAMP): requirements.txt | $(BIN)/python
	@echo "Installing requirements.txt into .venv"
	@$(PIP) --requirement requirements.txt
	@touch $@

$(TEST_STAMP): requirements.txt tests/requirements.txt | $(BIN)/python
	@echo "Installing tests/requirements.txt into .venv"
	@$(PIP) --requirement tests/requirements.txt
	@touch $@

.venv/encord-%: | $(TEST_STAMP)
	@$(PIP) --no-deps --target $@ encord==$*

# One behind the other: the system's packages are locked while some are being installed.
installed:
	@sh tests/browser/chromium.sh
	@sh tests/machine.sh

chromium:
	@sh tests/browser/chromium.sh

machine:
	@sh tests/machine.sh

bench: $(TEST_STAMP) chromium  ## Measure the engine against its peers and its targets
	$(BIN)/python -m tests.bench

chaos: $(TEST_STAMP)  ## Kill the worker 1,000 times on SQLite and on PostgreSQL (KILLS=n for more)
	$(BIN)/python -m tests.chaos --kills $(or $(KILLS),1000)

fuzz: $(TEST_STAMP)  ## Fuzz what reads foreign bytes for ten minutes (SECONDS=n for another time)
	@$(PIP) --requirement tests/fuzz/requirements.txt
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)
