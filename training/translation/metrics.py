"""The quality of a translation: loss, BLEU and chrF, and where the attention is while a name is written.
Training and evaluation use it.
"""

import copy
import math

import torch
from tqdm import tqdm

from models.translation.model import Model
from models.translation.search import Translator
from models.translation.answers import translated_texts
from models.translation.tokenizer import BEGIN, Tokenizer
from training.translation import pairs
from training.translation.quick import cross_entropy, scored

# S source tokens, T target tokens, L decoder layers


@torch.no_grad()
def validation_loss(network, batches):
    """The mean cross-entropy in nats per token, teacher-forced and without label smoothing."""
    where, total, count = next(network.parameters()).device, 0.0, 0
    for batch in batches:
        source, target = (tensor.to(where) for tensor in batch)
        wanted = target[:, 1:]
        scores, tokens = scored(network, network(source, target[:, :-1]), wanted)
        _, exact = cross_entropy(scores, tokens, 0.0)
        total, count = total + exact.item() * len(tokens), count + len(tokens)
    return total / count


def translated(network, tokenizer, texts, layer=0, beam=5, size=32):
    """The best translation of each text, and its attention (T, S) with the tokens of both sides. Texts of
    similar length are translated together.
    """
    translator, found = Translator(copy.deepcopy(network).cpu().eval(), layer), {}
    sources = tokenizer.ids(texts)
    order = sorted(range(len(texts)), key=lambda i: len(sources[i]))
    with torch.no_grad():
        for at in tqdm(range(0, len(order), size), desc="translating", disable=None):
            some = order[at : at + size]
            for sentence, score, ids, attention in translator(
                pairs.padded([sources[i] for i in some]), beam, beam
            ):
                place = some[sentence]
                if place not in found or score > found[place][0]:
                    found[place] = score, ids.tolist(), attention[:, : len(sources[place])]
    best = [found[i] for i in range(len(texts))]
    return [tokenizer.text(ids) for _, ids, _ in best], [
        (attention, sources[i], ids) for i, (_, ids, attention) in enumerate(best)
    ]


def as_served(network, layer, likely, files, languages):
    """A trained network behind all that its served script stands behind: {source, target} of `languages`;
    `likely` are lexicon and frequent tokens, `files` the bytes of subwords, words, meanings and ranking.
    """
    search = Translator(copy.deepcopy(network).cpu().eval(), layer, Tokenizer(files[0]).masks, *likely)
    return Model(search, *files, {"name": "", "attention": {"layer": layer}, **languages})


def scores(served, network, test, beam=5):
    """BLEU and chrF of texts as a caller reads them; loss (nats per token) and perplexity of the pairs."""
    from sacrebleu.metrics import BLEU, CHRF

    tokenizer, said = served.tokenizer, translated_texts(served, [source for source, _ in test], beam)
    references = [[target for _, target in test]]
    bleu, nats = BLEU(), validation_loss(network, pairs.Batches(tokenizer, test, 3000))
    return {
        "sentences": len(test),
        "bleu": round(bleu.corpus_score(said, references).score, 2),
        "signature": str(bleu.get_signature()),
        "chrf": round(CHRF().corpus_score(said, references).score, 2),
        "loss": round(nats, 4),
        "perplexity": round(math.exp(nats), 3),
    }


@torch.no_grad()
def copying(network, tokenizer, known, inventions):
    """The share of its attention that each decoder layer gives to a name in the source while it writes that
    name: (L,) from 0 to 1. Empty if no token is a name.
    """
    shares = []
    for source, target in known:
        # without the space and END
        names = {i for name in inventions.shared(source, target) for i in tokenizer.ids([name])[0][1:-1]}
        theirs, ours = tokenizer.ids([source, target])
        fixed = network.encode(torch.tensor([theirs]))
        moving = network.begin(fixed)
        for before, said in zip([BEGIN] + ours, ours):
            _, attention, moving = network.step(torch.tensor([before]), moving, fixed)  # (1, L, S)
            if said in names and theirs.count(said) == 1:
                shares.append(attention[0, :, theirs.index(said)])
    return torch.stack(shares).mean(dim=0) if shares else torch.empty(0)


def agreeing(network, layer, likely, subwords, texts):
    """Whether a script gives the same translations as the network, with weights rounded to 16 bits in both:
    greedy, and with a beam of 5.
    """
    eager = Translator(copy.deepcopy(network).half().float().eval(), layer, range(0), *likely)

    def agrees(script):
        script = script.float()
        with torch.no_grad():
            for source in Tokenizer(subwords).ids(texts):
                for beam in (1, 5):
                    ours, theirs = (one(torch.tensor([source]), beam, beam) for one in (eager, script))
                    if [ids.tolist() for _, _, ids, _ in ours] != [ids.tolist() for _, _, ids, _ in theirs]:
                        return False
        return True

    return agrees
