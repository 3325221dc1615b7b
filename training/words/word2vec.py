"""Training by gensim, one epoch at a time, with checkpoints, resume and log. CBOW and skip-gram (Mikolov et
al. 2013), fastText (Bojanowski et al. 2017).

gensim does not have GloVe (Pennington et al. 2014), so this is in training/words/cooccurrence.py. The
settings are those of training/words/train.py. With one worker, a seed gives the same vectors again, even
after an interruption.
"""

import json
import pathlib
import shutil
import time

import gensim

from training import command
from training.words import cooccurrence, corpus

# W words, D embedding
METHODS = ("cbow", "skipgram", "fasttext", "glove")


def network(settings):
    """A new model of this method, gensim's or one with the same methods."""
    if settings.method == "glove":
        return cooccurrence.GloVe(settings.size, settings.window, settings.least, settings.seed)
    kind = gensim.models.FastText if settings.method == "fasttext" else gensim.models.Word2Vec
    return kind(
        vector_size=settings.size,
        window=settings.window,
        negative=settings.negative,
        min_count=settings.least,
        sample=settings.sample,
        sg=int(settings.method != "cbow"),
        workers=settings.workers,
        seed=settings.seed,
    )


def saved(folder, model, progress):
    """Save the model and its progress. The previous checkpoint is deleted when the new one is complete."""
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


def kept(settings):
    """The settings that a checkpoint fixes."""
    return {"method": settings.method, "size": settings.size}


def begun(settings, folder, prepared, resume):
    """(model, progress): from the checkpoint if there is one and `resume` is set; otherwise new."""
    at = folder / "progress.json"
    command.refuse_another(folder, resume, at.name)
    model = network(settings)
    if at.exists():
        progress = json.loads(at.read_text())
        if any(progress.get(name, value) != value for name, value in kept(settings).items()):
            raise SystemExit(
                "%s began with another --method or --size: give it the same again, or leave --resume out "
                "and name another --folder." % folder
            )
        return type(model).load(str(folder / ("checkpoint-%d" % progress["epoch"]) / "model")), progress
    if resume:
        print("%s holds no checkpoint to go on from: the training begins anew." % folder, flush=True)
    model.build_vocab(corpus.Sentences(prepared, description="vocabulary"))
    (folder / "log.jsonl").write_text("")
    return model, {"epoch": 0, "minutes": 0.0}


def fit(settings, prepared, resume=False, after_epoch=None):
    """Train on a tokenised file -> (words, vectors (W, D)) and the minutes. after_epoch(words, vectors) ->
    figures for the log.
    """
    folder = pathlib.Path(settings.folder)
    model, progress = begun(settings, folder, prepared, resume)
    for epoch in range(progress["epoch"] + 1, settings.epochs + 1):
        started = time.monotonic()
        rates = [
            settings.learning_rate + (1e-4 - settings.learning_rate) * done / settings.epochs
            for done in (epoch - 1, epoch)
        ]
        sentences = corpus.Sentences(prepared, model.corpus_count, "epoch %d" % epoch)
        model.train(
            sentences, total_examples=model.corpus_count, epochs=1, start_alpha=rates[0], end_alpha=rates[1]
        )
        progress = {
            "epoch": epoch,
            "minutes": round(progress["minutes"] + (time.monotonic() - started) / 60, 2),
            **kept(settings),
        }
        saved(folder, model, progress)
        figures = after_epoch(model.wv.index_to_key, model.wv.vectors) if after_epoch else {}
        with open(folder / "log.jsonl", "a") as log:
            log.write(json.dumps({**progress, **figures}) + "\n")
    model.wv.save(str(folder / "own.kv"))
    return (list(model.wv.index_to_key), model.wv.vectors), progress["minutes"]
