# `make demo` and `make test` need only Python 3.11 (or newer), make and a package index: they create .venv first.

PYTHON ?= python3
VENV ?= .venv
DETECT_VENV ?= .venv-detect
SBOM_VENV ?= .venv-sbom

INSTALL := -m pip install --quiet --disable-pip-version-check
PY := $(VENV)/bin/python
PIP := $(PY) $(INSTALL) --constraint constraints.txt
DETECT_PY := $(DETECT_VENV)/bin/python
DETECT_PIP := $(DETECT_PY) $(INSTALL) --no-compile --constraint constraints-detect.txt
OFFLINE := { echo "make: the installation failed for the reason above. It needs a package index: check the network" \
	"or pip's settings, then run make again. It keeps what is already installed." >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help demo test detect-test run-detect-test web format docs wheel sbom matrix measure clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(VENV)/demo.stamp  ## Lift the example detections; write JSON, PNG and HTML to out/demo/
	$(PY) examples/demo.py

test: $(VENV)/all.stamp  ## Run every check: ruff, mypy, detect-test, pytest
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict wholebody_lift
	@$(MAKE) --no-print-directory detect-test
	@$(MAKE) --no-print-directory web || echo "make: the tests of the built page are skipped" >&2
	$(PY) -m pytest -q

detect-test:  ## Run the tests that need MediaPipe, in their own environment: .venv-detect
	@if $(PYTHON) -c '$(HAS_MEDIAPIPE)'; then $(MAKE) --no-print-directory run-detect-test; else echo "make:" \
		"skipped the tests that run MediaPipe: expected Python 3.11 or 3.12, not Linux on ARM, got" \
		"$$($(PYTHON) -V) on $$(uname -sm). With another Python: make detect-test PYTHON=python3.12" >&2; fi

web: $(VENV)/demo.stamp  ## Build the page that runs in the browser alone into out/web (needs npm)
	$(PY) -m wholebody_lift demo --web out/web --build

format: $(VENV)/all.stamp  ## Format the code and fix what ruff can fix
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

docs: $(VENV)/all.stamp  ## Build the documentation into site/, with the live demo if npm is there; fail on any warning
	@$(MAKE) --no-print-directory web || echo "make: the site has no live demo" >&2
	$(PY) -m mkdocs build --strict --quiet

wheel: $(VENV)/all.stamp  ## Build the wheel and the source archive into dist/, and check the wheel's contents
	$(PY) -m build --no-isolation --outdir dist
	$(PY) -m pytest -q tests/test_wheel.py

sbom: $(VENV)/all.stamp $(SBOM_VENV)/all.stamp  ## Write the SBOM (CycloneDX) to dist/ and the table of licences to docs/
	$(SBOM_VENV)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type library --output-reproducible \
		--output-file $(SBOM_VENV)/environment.json $(PY)
	$(PY) docs/licences.py $(SBOM_VENV)/environment.json dist/wholebody-lift.cdx.json

matrix:  ## Test at the lowest versions of the dependencies, and at the newest on each Python found (slow)
	.ci/matrix

MEASUREMENTS := errors-base errors-tiny errors-base-version-1 errors-tiny-version-1 known parts real angles synthetic-h3wb
.PHONY: $(MEASUREMENTS)

measure: $(VENV)/all.stamp  ## Measure the weights in weights/ on BANK=bank.npz anew and update every table (25 min)
	@test -f "$(BANK)" || { echo "make: expected BANK=FILE, a bank made by \`python -m wholebody_lift.train prepare\`," \
		"got '$(BANK)'" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(MEASUREMENTS)
	$(PY) tests/test_release.py
	$(PY) docs/tables.py

errors-base errors-tiny: errors-%:
	$(PY) -m wholebody_lift.train evaluate --weights $* --bank $(BANK) --out docs/assets/$@.json > /dev/null

errors-base-version-1 errors-tiny-version-1: errors-%-version-1:
	$(PY) -m wholebody_lift.train evaluate --weights $* --bank $(BANK) --sets-version 1 --out docs/assets/$@.json \
		> /dev/null

known:
	$(PY) -m benchmarks.known $(BANK) --people 300 --out docs/assets/$@.json > /dev/null

parts:
	$(PY) -m benchmarks.parts $(BANK) --out docs/assets/$@.json > /dev/null

real angles:
	$(PY) -m benchmarks.$@ --out docs/assets/$@.json > /dev/null

synthetic-h3wb:
	@mkdir -p out
	$(PY) -m wholebody_lift.train synthetic-h3wb out/synthetic-h3wb.npz --bank $(BANK)
	$(PY) -m wholebody_lift.train h3wb out/synthetic-h3wb.npz --stature-mm 1660 --out docs/assets/$@.json > /dev/null

clean:  ## Remove the environments and everything that was built
	rm -rf $(VENV) $(DETECT_VENV) $(SBOM_VENV) dist out site .mypy_cache .pytest_cache .ruff_cache .hypothesis

# MediaPipe 0.10.21 needs numpy 1, so it cannot be in $(VENV).
HAS_MEDIAPIPE = import platform, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13) or \
	(platform.system() == "Linux" and platform.machine() != "x86_64"))

run-detect-test: $(DETECT_VENV)/all.stamp
	$(DETECT_PY) -m pytest -q -m detect tests/app/test_app_camera.py tests/cli tests/detectors \
		tests/formats/detections/test_mediapipe.py

$(DETECT_VENV)/torch.stamp:
	$(PYTHON) -m venv $(DETECT_VENV)
	$(DETECT_PIP) torch || $(OFFLINE)
	@touch $@

# MediaPipe's OpenCV needs libGL; without libGL, the headless build of the same release replaces it.
$(DETECT_VENV)/all.stamp: $(DETECT_VENV)/torch.stamp constraints-detect.txt pyproject.toml
	$(DETECT_PIP) hatchling editables hypothesis pytest scikit-image || $(OFFLINE)
	$(DETECT_PIP) --no-build-isolation --editable ".[detect]" || $(OFFLINE)
	@$(DETECT_PY) -c "import cv2" 2> /dev/null || { $(DETECT_PY) -m pip uninstall --quiet --yes \
		opencv-contrib-python && $(DETECT_PIP) --force-reinstall --no-deps opencv-contrib-python-headless; \
		} || $(OFFLINE)
	@touch $@

$(SBOM_VENV)/all.stamp: constraints.txt
	$(PYTHON) -m venv $(SBOM_VENV)
	$(SBOM_VENV)/bin/python $(INSTALL) --constraint constraints.txt cyclonedx-bom || $(OFFLINE)
	@touch $@

# PyTorch first and separately: it is by far the largest package, and is kept when only the others change.
$(VENV)/torch.stamp:
	@command -v $(PYTHON) > /dev/null || \
		{ echo "make: $(PYTHON) not found; install Python 3.11, or name another one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: expected" \
		"Python 3.11 or newer, got $$($(PYTHON) -V); name another one: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch || $(OFFLINE)
	@touch $@

$(VENV)/demo.stamp: $(VENV)/torch.stamp constraints.txt pyproject.toml
	$(PIP) hatchling editables || $(OFFLINE)
	$(PIP) --no-build-isolation --editable ".[plot]" || $(OFFLINE)
	@touch $@

# rtmlib depends on two builds of OpenCV with windows, which would overwrite the installed headless one.
$(VENV)/all.stamp: $(VENV)/demo.stamp
	$(PIP) --no-build-isolation --editable ".[plot,train,docs,test]" || $(OFFLINE)
	$(PIP) --no-deps rtmlib || $(OFFLINE)
	@touch $@
