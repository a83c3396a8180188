# One command per intention; `make` alone lists them. Only python3 (3.11 or newer) and make are expected to be there.

PYTHON ?= python3
UV ?= uv
ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
# A virtual environment made without pip is filled by the pip of the system instead.
PIP = $$([ -x $(VENV)/bin/pip ] && echo "$(PY) -m pip" || echo "$(PYTHON) -m pip --python $(PY)")
# The byte code is written afterwards on all cores, which takes a quarter off the whole.
PIP_INSTALL = $(PIP) install --quiet --disable-pip-version-check --no-input --no-compile
LOCKED = --require-hashes --only-binary :all:
PYTEST = $(PY) -m pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install install-dev run test check sabotage bench bench-turns bench-crm bench-questions bench-matching bench-calibration bench-telegram fit lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.frontdesk ## make the virtual environment in .venv, with every version and hash pinned

install-dev: $(VENV)/.frontdesk $(VENV)/.development ## the same with the tools for tests and checks

run: install ## start Frontdesk with the sample shop and print its links
	@$(VENV)/bin/frontdesk run --sample $(ARGS)

test: install-dev ## run all tests (ARGS="-k words" for some)
	@$(PYTEST) $(ARGS)

# Dozens of kills on SQLite; on the others, five in each test show that they keep the promises, too.
check: install-dev ## what a change must pass: lint, format, types, import rules, tests on every database here
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PYTEST) $(ARGS)
	@found=$$($(PY) -m tests.servers) || exit 1; for database in $$found; do echo "The same on $$database:"; \
		FRONTDESK_TEST_KILLS=$${FRONTDESK_TEST_KILLS:-5} FRONTDESK_TEST_DATABASE=$$database \
		$(PYTEST) -m database $(ARGS) || exit 1; done

sabotage: install-dev ## break each promise in a copy and see which tests notice
	@$(PY) -m tests.sabotage $(ARGS)

bench: bench-turns bench-crm bench-questions bench-telegram ## all benchmarks, the source of the README's figures

bench-turns: install-dev ## turns per second, alone and in a burst
	@$(PY) -m benchmarks.turns $(ARGS)

bench-crm: install-dev ## 100,000 customers: import beside raw inserts, look-ups, memory (ARGS="--customers 10000" for less)
	@$(PY) -m benchmarks.crm $(ARGS)

bench-questions: install-dev ## how many questions are answered rightly, wrongly and not
	@$(PY) -m benchmarks.questions $(if $(DATA),--data $(DATA)) $(ARGS)

bench-matching: install-dev $(VENV)/.benchmarks ## the matcher beside its peers: who is right, who learns, how fast (DATA=…)
	@$(PY) -m benchmarks.matching --data $(or $(DATA),$(error name the folder of question sets: DATA=…)) $(ARGS)

bench-calibration: install-dev ## how well the threshold keeps its word, shipped and from judged messages (DATA=…)
	@$(PY) -m benchmarks.calibration --data $(or $(DATA),$(error name the folder of question sets: DATA=…)) $(ARGS)

bench-telegram: install-dev ## both Telegram libraries side by side
	@$(PY) -m benchmarks.telegram_libraries $(ARGS)

fit: install-dev ## fit the matcher's weights again and write them where they ship (DATA=…)
	@$(PY) -m benchmarks.fit --data $(or $(DATA),$(error name the folder of question sets: DATA=…)) --write \
		--left-out benchmarks/left_out.json $(ARGS)

# UPGRADE=--upgrade takes the newest versions; without it only what pyproject.toml demands changes.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --universal \
	--python-version 3.11 --only-binary :all: $(UPGRADE) pyproject.toml --group install
lock: ## pin the versions in the three requirements files again (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs the tool uv: install it, or name it with UV=…" >&2; exit 1; }
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --group dev --extra postgresql --extra mysql --constraint requirements.lock --output-file requirements-dev.lock
	@$(COMPILE) --group bench --constraint requirements-dev.lock --output-file requirements-bench.lock

clean: ## remove what the tools made (.venv, caches); your data under var/ stays
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Frontdesk needs Python 3.11 or newer as $(PYTHON); name another one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
		{ $(PYTHON) -m pip --version >/dev/null 2>&1 && $(PYTHON) -m venv --clear --without-pip $(VENV); } || \
		{ rm -rf $(VENV); echo "Python cannot make a virtual environment here: install the package python3-venv" \
			"(on Debian and Ubuntu: apt install python3-venv) and run make again." >&2; exit 1; }
	@touch $@

$(VENV)/.runtime: requirements.lock $(VENV)/.made
	@echo "Installing the packages of requirements.lock into $(VENV) …"
	@$(PIP_INSTALL) $(LOCKED) -r requirements.lock
	@$(PY) -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $@

# No download happens here: what the build needs came with the lock.
$(VENV)/.frontdesk: pyproject.toml $(VENV)/.runtime
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the packages of requirements-dev.lock into $(VENV) …"
	@$(PIP_INSTALL) $(LOCKED) -r requirements-dev.lock
	@$(PY) -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $@

# The peers of the benchmarks; only a benchmark that compares asks for them.
$(VENV)/.benchmarks: requirements-bench.lock $(VENV)/.development
	@echo "Installing the packages of requirements-bench.lock into $(VENV) …"
	@$(PIP_INSTALL) $(LOCKED) -r requirements-bench.lock
	@touch $@
