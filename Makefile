# `make demo` and `make test` need Python 3.11 (or newer) and make, nothing else: they build .venv first.

PYTHON ?= python3
VENV ?= .venv

PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
OFFLINE := { echo "make: the installation failed; its reason stands above. It needs a package index, so check the" \
	"network or pip's settings and run make again: what is installed stays." >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help demo test detect-test format docs wheel clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(VENV)/demo.stamp  ## Lift the example detections; leaves out/demo/ with JSON, PNG and HTML
	$(PY) examples/demo.py

test: $(VENV)/all.stamp  ## Run every check: ruff, mypy, pytest
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict wholebody_lift
	$(PY) -m pytest -q

detect-test: .venv-detect/stamp  ## Detect a real photo with MediaPipe, in an environment of its own (Python 3.11 or 3.12)
	.venv-detect/bin/python -m pytest -q tests/detectors tests/formats/test_mediapipe.py

format: $(VENV)/all.stamp  ## Format the code and fix what ruff can fix
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

docs: $(VENV)/all.stamp  ## Build the documentation into site/, strictly
	$(PY) -m mkdocs build --strict --quiet

wheel: $(VENV)/all.stamp  ## Build the wheel and the source archive into dist/, and check what is in the wheel
	$(PY) -m build --no-isolation --outdir dist
	$(PY) -m pytest -q tests/test_wheel.py

clean:  ## Remove the environment and everything that was built
	rm -rf $(VENV) .venv-detect dist out site .mypy_cache .pytest_cache .ruff_cache .hypothesis

# MediaPipe needs an older numpy than the one that is pinned, so nothing is pinned here.
.venv-detect/stamp: pyproject.toml
	$(PYTHON) -m venv .venv-detect
	.venv-detect/bin/pip install --quiet torch==2.13.0 || $(OFFLINE)
	.venv-detect/bin/pip install --quiet --editable ".[detect,plot]" pytest hypothesis scikit-image || $(OFFLINE)
	@touch $@

# PyTorch on its own first: it is by far the largest, and stays when only the rest changes.
$(VENV)/torch.stamp:
	@command -v $(PYTHON) > /dev/null || \
		{ echo "make: there is no $(PYTHON); install Python 3.11, or name yours: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is" \
		"$$($(PYTHON) -V), and the pinned environment needs 3.11 or newer: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch || $(OFFLINE)
	@touch $@

$(VENV)/demo.stamp: $(VENV)/torch.stamp constraints.txt pyproject.toml
	$(PIP) hatchling editables || $(OFFLINE)
	$(PIP) --no-build-isolation --editable ".[plot]" || $(OFFLINE)
	@touch $@

$(VENV)/all.stamp: $(VENV)/demo.stamp
	$(PIP) --no-build-isolation --editable ".[plot,train,docs,test]" || $(OFFLINE)
	@touch $@
