evaluate-street: $(VENV)/training always ## measure uncropped street photos, whole and cropped, and write models/cars/street.md
	@$(BIN)/python -m training.cars.street $(ARGS)
