# `make demo` and `make test` need only Python 3.11 or newer and git.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 3
MINUTES ?= 10
COUNT ?= 40
SEED ?= 0

.PHONY: demo test test-slow test-gpu fuzz mutants bench tour docs lint types layers wheel format clean

demo: $(VENV)/installed
	$(BIN)/cellseg demo --out demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow

test-gpu: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m gpu

fuzz: $(VENV)/installed-dev
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

mutants: $(VENV)/installed-mutants
	$(BIN)/python -m tests.mutation --minutes $(MINUTES) --count $(COUNT) --seed $(SEED)

bench: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m benchmark --benchmark-enable -s tests/benchmarks

tour: $(VENV)/installed-dev
	$(BIN)/python -m tests.plugins.napari_cellseg.tour

docs: $(VENV)/installed-dev
	$(BIN)/python -m mkdocs build --strict --site-dir site

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

layers: $(VENV)/installed-dev
	$(BIN)/lint-imports

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(VENV)/installed-dev
	$(BIN)/python -m build --no-isolation --wheel --outdir dist .

clean:
	rm -rf $(VENV) demo dist site build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks fuzz-findings

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(VENV)/installed $@

$(VENV)/installed-mutants: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[mutants]'
	touch $@
