"""Translation compared with CTranslate2 (with the same weights) and with the decoding of tutorials. From text
to text, subwords included.

The peers do not take care of names as we do; these sentences do not need it.
"""

import json
import math
import os
import pathlib
from contextlib import ExitStack

from bench.speed.peers import HOUSE, PEERS, ROOT, Peer, image_variables, made_ready, side_by_side, spread

MODEL = "de-en-transformer"
CONVERTED = ROOT / "build" / "bench" / "ctranslate2"
# the first one has twelve words
SENTENCES = pathlib.Path(__file__).with_name("german.txt").read_text().splitlines()
LONG = " ".join(SENTENCES)[:2000]  # the longest text that the service accepts
LIST = (ROOT / "training" / "translation" / "everyday.de.tsv").read_text(encoding="utf-8")
EVERYDAY = [line.split("\t")[1] for line in LIST.splitlines()[1::6]]
ONE_BY_ONE = "%d everyday sentences, one by one" % len(EVERYDAY)
# the questions of each, which are lists of texts
TASKS = {
    "12 words": [SENTENCES[:1]],
    "32 sentences": [SENTENCES],
    "long text": [[LONG]],
    ONE_BY_ONE: [[sentence] for sentence in EVERYDAY],
}


def ours(beam):
    """What the service calls for each text."""
    from models.translation.model import MOST_SUBWORDS, model
    from models.translation.sentences import parts

    served = model(MODEL)

    def answer(texts):
        sentences = [
            piece for text in texts for piece, spoken in parts(text, served.size, MOST_SUBWORDS) if spoken
        ]
        return [options[0].text for options in served.translate(sentences, beam, beam)]

    return answer


def tutorial(beam):
    """Decoding as in tutorials: no cache; for each next word the whole translation so far goes through the
    decoder; one sentence at a time.
    """
    import torch

    from models.translation.model import MOST_SUBWORDS, model
    from models.translation.network import Transformer
    from models.translation.sentences import parts
    from models.translation.tokenizer import BEGIN, END

    served = model(MODEL)
    network = Transformer(**shape_of(served)).eval()
    network.load_state_dict(served.search.network.state_dict())

    def translated(sentence):
        source, said = torch.tensor(served.tokenizer.ids([sentence])), [BEGIN]
        fixed = Transformer.encode(network, source)
        network.encode = lambda source: fixed  # because forward encodes again in each step
        while said[-1] != END and len(said) < 1.5 * source.size(1) + 10:
            features = network(source, torch.tensor([said]))  # (1, T, D)
            said.append(int(network.score(features[:, -1]).argmax()))
        return served.tokenizer.text(said[1:])

    def answer(texts):
        with torch.no_grad():
            return [
                translated(piece)
                for text in texts
                for piece, spoken in parts(text, served.size, MOST_SUBWORDS)
                if spoken
            ]

    return answer


def ctranslate2(beam, kind):
    """CTranslate2 on one thread. `kind`: float32 or int8."""
    import ctranslate2

    from models.translation.model import MOST_SUBWORDS
    from models.translation.sentences import parts
    from models.translation.tokenizer import Tokenizer

    tokenizer = Tokenizer((CONVERTED.parent / "subwords.model").read_bytes())
    translator = ctranslate2.Translator(
        str(CONVERTED),
        device="cpu",
        compute_type=kind,
        inter_threads=1,
        intra_threads=int(os.environ["OMP_NUM_THREADS"]),
    )

    def answer(texts):
        pieces = [
            piece
            for text in texts
            for piece, spoken in parts(text, lambda text: len(tokenizer.ids([text])[0]), MOST_SUBWORDS)
            if spoken
        ]
        tokens = tokenizer.pieces.encode(pieces, out_type=str)
        found = translator.translate_batch(tokens, beam_size=beam)
        return [tokenizer.pieces.decode(one.hypotheses[0]) for one in found]

    return answer


def converted():
    """The folder CONVERTED with the shipped weights as a CTranslate2 model."""
    import numpy as np
    from ctranslate2.specs import TransformerSpec, common_spec

    from models.translation.tokenizer import Tokenizer

    state = dict(np.load(str(CONVERTED.parent / "state.npz")))
    shape = json.loads((CONVERTED.parent / "shape.json").read_text())
    spec = TransformerSpec.from_config(
        (shape["encoder"], shape["decoder"]),
        shape["heads"],
        pre_norm=True,
        activation=common_spec.Activation.RELU,
    )
    fill(spec, state)
    pieces = Tokenizer((CONVERTED.parent / "subwords.model").read_bytes()).pieces
    words = [pieces.id_to_piece(i) for i in range(shape["vocabulary"])]
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.config.add_source_eos = True
    spec.config.bos_token = spec.config.decoder_start_token = "<s>"
    spec.validate()
    spec.optimize(quantization="float32")
    CONVERTED.mkdir(exist_ok=True)
    spec.save(str(CONVERTED))
    return lambda question: True


def fill(spec, state):
    """Copy the weights {name: array} into the layers of a CTranslate2 model."""
    for side, own in (("encoder", "attention"), ("decoder", "own")):
        half = getattr(spec, side)
        embeddings = half.embeddings[0] if side == "encoder" else half.embeddings
        embeddings.weight, half.position_encodings.encodings = state["embedding.weight"], state["positions"]
        half.scale_embeddings = math.sqrt(state["embedding.weight"].shape[1])
        fill_norm(half.layer_norm, state, "norm_" + side)
        for place, layer in enumerate(half.layer):
            name = "%s.%d." % (side, place)
            fill_norm(layer.self_attention.layer_norm, state, name + "norm_" + own)
            fill_attention(layer.self_attention, state, name + own, ["query", "key", "value"], ["out"])
            fill_norm(layer.ffn.layer_norm, state, name + "norm_feed")
            fill_linear(layer.ffn.linear_0, state, name + "feed.0")
            last = "feed.3" if name + "feed.3.weight" in state else "feed.2"
            fill_linear(layer.ffn.linear_1, state, name + last)
            if side == "decoder":
                fill_norm(layer.attention.layer_norm, state, name + "norm_source")
                fill_attention(layer.attention, state, name + "source", ["query"], ["key", "value"], ["out"])
    spec.decoder.projection.weight = state["embedding.weight"]


def fill_norm(target, state, name):
    target.gamma, target.beta = state[name + ".weight"], state[name + ".bias"]


def fill_attention(target, state, name, *groups):
    """CTranslate2 joins the projections of a group into one."""
    for place, parts in enumerate(groups):
        fill_linear(target.linear[place], state, *["%s.%s" % (name, part) for part in parts])


def fill_linear(target, state, *names):
    import numpy as np

    target.weight = np.concatenate([state[name + ".weight"] for name in names])
    target.bias = np.concatenate([state[name + ".bias"] for name in names])


def state():
    """For `converted`: the shipped weights as arrays, the shape of their network, and its subwords."""
    import numpy as np

    from models.translation.model import model

    served = model(MODEL)
    CONVERTED.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        str(CONVERTED.parent / "state.npz"),
        **{name: value.numpy() for name, value in served.search.network.state_dict().items()},
    )
    (CONVERTED.parent / "subwords.model").write_bytes(served.tokenizer.pieces.serialized_model_proto())
    (CONVERTED.parent / "shape.json").write_text(json.dumps(shape_of(served)))
    return lambda question: True


def shape_of(served):
    """The sizes with which the served Transformer was built."""
    state = served.search.network.state_dict()
    layers = [
        {name.split(".")[1] for name in state if name.startswith(half + ".")}
        for half in ("encoder", "decoder")
    ]
    return {
        "vocabulary": len(served.tokenizer),
        "width": state["embedding.weight"].shape[1],
        "longest": len(state["positions"]),
        "encoder": len(layers[0]),
        "decoder": len(layers[1]),
        "heads": getattr(served.search.network.encoder, "0").attention.heads,
    }


WAYS = {
    "ours": ours,
    "tutorial": tutorial,
    "ctranslate2": ctranslate2,
    "converted": converted,
    "state": state,
}


def measured(seconds, fewest):
    """{task, search: {way: spread, "same": the share of sentences in which the way agrees with ours}}."""
    made_ready(HOUSE, __name__, "state")
    made_ready(PEERS, __name__, "converted")
    found = {}
    for search, beam in (("greedy", 1), ("beam 5", 5)):
        with ExitStack() as stack:
            peers = {"ours": Peer(HOUSE, __name__, "ours", beam, variables=image_variables())}
            peers.update(
                {
                    "CTranslate2 " + kind: Peer(PEERS, __name__, "ctranslate2", beam, kind)
                    for kind in ("float32", "int8")
                }
            )
            tutorial = (
                {
                    "the tutorials' way": Peer(
                        HOUSE, __name__, "tutorial", beam, variables=image_variables(), turn=1
                    )
                }
                if beam == 1
                else {}
            )
            for peer in (*peers.values(), *tutorial.values()):
                stack.enter_context(peer)
            for task, questions in TASKS.items():
                ways = {**peers, **(tutorial if task in ("12 words", "32 sentences") else {})}
                taken = side_by_side(ways, questions, seconds, fewest if len(questions) == 1 else 1)
                said = {
                    way: [text for place in range(len(questions)) for text in one["answers"][place]]
                    for way, one in taken.items()
                }
                found["%s, %s" % (task, search)] = {
                    way: {
                        **spread(one["milliseconds"]),
                        "same": sum(map(str.__eq__, said[way], said["ours"])) / len(said["ours"]),
                    }
                    for way, one in taken.items()
                }
    return found
