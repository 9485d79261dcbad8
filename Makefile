# All targets work on a fresh machine with Python 3.11 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test test-slow check bench study lock clean

help:  ## Say what there is.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/'

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	sh tools/install-pango.sh $(BIN)/python
	touch $@

demo: $(READY)  ## Calibrate a simulated scanner and check it against its baseline.
	rm -rf demo
	mkdir demo
	$(BIN)/kerma simulate ct-phantom catphan504 demo/scan-january --seed 1
	$(BIN)/kerma calibrate demo/scan-january --out demo/january
	$(BIN)/kerma simulate ct-phantom catphan504 demo/scan-february --seed 2 --roll 1.5 --offset 3
	$(BIN)/kerma calibrate demo/scan-february --out demo/february \
		--baseline demo/january/hu_red_catphan504.json --tolerances dose
	@echo "The report is demo/february/hu_red_catphan504.html (and .pdf beside it)."

test: $(READY)  ## Run the tests.
	$(BIN)/python -m pytest

test-slow: $(READY)  ## Run the long validation studies too (about ten minutes).
	$(BIN)/python -m pytest -m "slow or not slow"

check: $(READY)  ## Format, lint, types, import contracts, spelling and tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m pytest

bench: $(READY)  ## Time Kerma beside its peers (makes .venv-peers on first use).
	$(BIN)/python benchmarks/run.py

study: $(READY)  ## Print the accuracy table of 200 simulated scans.
	$(BIN)/python -m benchmarks.ct_calibration_study

lock: $(READY)  ## Pin the packages anew after a change in pyproject.toml.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --extra pdf --group dev -o requirements.lock pyproject.toml

clean:  ## Remove what make made.
	rm -rf demo $(VENV) .venv-peers
