# Two commands need nothing but Python 3.11 or newer:
#   make demo    a lesson, live in this terminal
#   make test    the whole test suite
# PYTHON=/path/to/python chooses the interpreter that .venv is made with.

FIND_PYTHON = for python in python3 python3.13 python3.12 python3.11 python3.14 python3.15 python; do \
	"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done
PYTHON ?= $(shell $(FIND_PYTHON))

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Stamps: made once, and again when what we depend on changes.
VENV := .venv/.made
USER := .venv/.installed
DEVELOPER := .venv/.installed-dev
BENCHER := .venv/.installed-bench

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint format pictures words bench wheel clean

help:
	@sed -n 's/^#   //p' Makefile
	@echo 'make test-all  the oldest trio and the newest, on each Python that is installed (PYTHONS=...)'
	@echo 'make lint    ruff, mypy, and the floors of the house'
	@echo 'make format  ruff puts the code in order'
	@echo 'make pictures  draw the documents and the gallery anew'
	@echo 'make words   bring the catalogues of the screen up to date'
	@echo 'make bench   what it costs to be watched, what a pause changes, how soon a key is answered'
	@echo 'make wheel   build dist/*.whl'
	@echo 'make clean   remove .venv and all that was built'

$(VENV):
	@test -n "$(PYTHON)" || { echo 'triotrace needs Python 3.11 or newer, with venv and ensurepip (Debian: apt install python3-venv). Another one: make PYTHON=/path/to/python ...' >&2; exit 1; }
	@echo 'making .venv with $(PYTHON)'
	@$(PYTHON) -m venv .venv
	@$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

$(USER): $(VENV) pyproject.toml
	@echo 'installing triotrace into .venv'
	@$(PIP) install --editable '.[examples]'
	@touch $@

$(DEVELOPER): $(USER) pyproject.toml
	@echo 'installing what tests and checks need'
	@$(PIP) install --group dev
	@touch $@

$(BENCHER): $(DEVELOPER) pyproject.toml
	@$(PIP) install --group bench
	@touch $@

demo: $(USER)
	@$(BIN)/triotrace demo

# In UTF-8 itself, whatever the locale is: what the tests start is not.
test: $(DEVELOPER)
	$(BIN)/python -X utf8 -m pytest $(ARGS)

# Each Python and trio in an environment of its own, below .venvs/.
test-all:
	@.ci/test-all $(ARGS)

lint: $(DEVELOPER)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEVELOPER)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The drawings in the documents and the gallery, anew from real runs.
pictures: $(USER)
	$(BIN)/python docs/draw.py
	$(BIN)/python docs/make_gallery.py

# Figures, for this machine and this hour: never part of the tests.
bench: $(BENCHER)
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/pausing.py
	$(BIN)/python benchmarks/keys.py

# The catalogues of the screen's words, brought up to date with the code.
words: $(DEVELOPER)
	$(BIN)/python docs/make_words.py

wheel: $(VENV)
	@$(PIP) wheel --no-deps --wheel-dir dist .

clean:
	rm -rf .venv .venvs build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
