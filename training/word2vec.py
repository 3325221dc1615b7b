"""Training by gensim, an epoch at a time: checkpoints, resume, log. CBOW and skip-gram (Mikolov et al. 2013), fastText (Bojanowski et al. 2017).

GloVe (Pennington et al. 2014), which gensim lacks, is training/cooccurrence.py's. The settings are those of training/words.py; with one
worker a seed gives the same vectors again, with a break or without.
"""

import json
import pathlib
import shutil
import time

import gensim

from training import cooccurrence, corpus, glove

# W words, D embedding
METHODS = ("cbow", "skipgram", "fasttext", "glove")


def network(settings):
    """gensim's model of this method, or the like of it, which has seen no word yet."""
    if settings.method == "glove":
        return cooccurrence.GloVe(settings.size, settings.window, settings.least, settings.seed)
    kind = gensim.models.FastText if settings.method == "fasttext" else gensim.models.Word2Vec
    return kind(
        vector_size=settings.size, window=settings.window, negative=settings.negative, min_count=settings.least, sample=settings.sample,
        sg=int(settings.method != "cbow"), workers=settings.workers, seed=settings.seed,
    )


def saved(folder, model, progress):
    """Keep the model and how far it is; the one before goes when this one is whole."""
    place = folder / ("checkpoint-%d" % progress["epoch"])
    shutil.rmtree(str(place), ignore_errors=True)
    place.mkdir()
    model.save(str(place / "model"))
    part = folder / "progress.part"
    part.write_text(json.dumps(progress))
    part.replace(folder / "progress.json")
    for other in folder.glob("checkpoint-*"):
        if other != place:
            shutil.rmtree(str(other))


def begun(settings, folder, prepared, resume):
    """(model, progress): from the checkpoint where there is one to go on from, else new."""
    at = folder / "progress.json"
    if at.exists() and not resume:
        raise SystemExit("%s holds a training already: go on with --resume, or name another --folder." % folder)
    model = network(settings)
    if at.exists():
        progress = json.loads(at.read_text())
        if progress["epoch"] >= settings.epochs:  # only what follows the training is done anew
            return None, progress
        return type(model).load(str(folder / ("checkpoint-%d" % progress["epoch"]) / "model")), progress
    model.build_vocab(corpus.Sentences(prepared, description="vocabulary"))
    (folder / "log.jsonl").write_text("")
    return model, {"epoch": 0, "minutes": 0.0}


def fit(settings, prepared, resume=False, after_epoch=None):
    """Train on a tokenised file; (words, vectors (W, D)) and the minutes it took. after_epoch(words, vectors) -> figures for the log."""
    folder = pathlib.Path(settings.folder)
    model, progress = begun(settings, folder, prepared, resume)
    if progress["epoch"] >= settings.epochs:
        return glove.load(folder / "own.kv"), progress["minutes"]
    for epoch in range(progress["epoch"] + 1, settings.epochs + 1):
        started = time.monotonic()
        rates = [settings.learning_rate + (1e-4 - settings.learning_rate) * done / settings.epochs for done in (epoch - 1, epoch)]
        sentences = corpus.Sentences(prepared, model.corpus_count, "epoch %d" % epoch)
        model.train(sentences, total_examples=model.corpus_count, epochs=1, start_alpha=rates[0], end_alpha=rates[1])
        progress = {"epoch": epoch, "minutes": round(progress["minutes"] + (time.monotonic() - started) / 60, 2)}
        saved(folder, model, progress)
        figures = after_epoch(model.wv.index_to_key, model.wv.vectors) if after_epoch else {}
        with open(folder / "log.jsonl", "a") as log:
            log.write(json.dumps({**progress, **figures}) + "\n")
    model.wv.save(str(folder / "own.kv"))
    return (list(model.wv.index_to_key), model.wv.vectors), progress["minutes"]
