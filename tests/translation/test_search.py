"""The translation networks and their search, on small networks with random weights."""

import io
from types import SimpleNamespace
from typing import List, Tuple

import numpy as np
import pytest
import torch

from models.translation.model import Model, Translation, passed_over
from models.translation.network import AttentionGRU, Transformer
from models.translation.search import Translator, scripted
from models.translation.tokenizer import BEGIN, END, PAD
from training.translation.networks.convolutional import Convolutional
from training.translation.networks.recurrent import LSTM, ContextGRU

VOCABULARY = 40
SHORT, LONG = [5, 9, 7, END], [8, 6, 5, 11, 30, 12, 9, END]  # the ids of two sentences
SMALL = {
    Transformer: dict(width=16, heads=2, encoder=2, decoder=2),
    AttentionGRU: dict(width=16),
    LSTM: dict(width=16),
    ContextGRU: dict(width=16),
    Convolutional: dict(width=16, encoder=2, decoder=2),
}

# today's torch gives some about its own scripts
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module", params=SMALL)
def network(request):
    torch.manual_seed(4)
    small = request.param(VOCABULARY, **SMALL[request.param]).eval()
    for parameter in small.parameters():
        parameter.requires_grad_(False).mul_(2)  # otherwise all tokens would be about equally likely
    return small


@pytest.fixture(scope="module")
def translator(network):
    return torch.jit.script(Translator(network, 0))


def batch(*sentences):
    longest = max(map(len, sentences))
    return torch.tensor([ids + [PAD] * (longest - len(ids)) for ids in sentences])


def log_probabilities(network, source, target):
    """(T, V) of known tokens, from one pass over all of them."""
    known = torch.tensor([[BEGIN] + target])
    return torch.log_softmax(network.score(network(batch(source), known)), dim=2)[0]


def by_sentence(found, count):
    """The hypotheses of each sentence, best first: [(score, ids)]."""
    ordered = sorted(
        ((place, score, ids.tolist()) for place, score, ids, _ in found), key=lambda one: -one[1]
    )
    return [[(score, ids) for at, score, ids in ordered if at == place] for place in range(count)]


def test_cached_steps_give_what_one_pass_over_all_tokens_gives(network):
    """The keys, values and states that are kept from step to step do not change the result."""
    target = [7, 31, 8, 8, 19]
    fixed = network.encode(batch(SHORT))
    moving, scores = network.begin(fixed), []
    for token in [BEGIN] + target:
        features, _, moving = network.step(torch.tensor([token]), moving, fixed)
        scores.append(torch.log_softmax(network.score(features), dim=1)[0])
    assert torch.allclose(torch.stack(scores), log_probabilities(network, SHORT, target), atol=1e-4)


def test_padding_changes_no_score(network):
    """A sentence next to a longer one has the same scores as alone."""
    known = torch.tensor([[BEGIN, 7, 8]])
    alone = network.score(network(batch(SHORT), known))[0]
    beside = network.score(network(batch(SHORT, LONG), known.repeat(2, 1)))[0]
    # scores are about 6, and some processors add in another order
    assert torch.allclose(alone, beside, atol=1e-4)


def test_no_score_depends_on_a_later_token(network):
    """The third token may be any; what comes before it stays the same."""
    one, other = (network(batch(LONG), torch.tensor([[BEGIN, 7, last]])) for last in (8, 9))
    assert torch.allclose(one[:, :2], other[:, :2], atol=1e-6)
    assert not torch.allclose(one[:, 2], other[:, 2], atol=1e-3)


def test_attention_sums_to_one_and_never_looks_at_padding(network):
    """In each layer, the row sums to 1 over the sentence's own tokens."""
    fixed = network.encode(batch(SHORT, LONG))
    _, attention, _ = network.step(torch.tensor([BEGIN, BEGIN]), network.begin(fixed), fixed)  # (N, L, S)
    assert torch.allclose(attention.sum(dim=2), torch.ones(2, attention.size(1)), atol=1e-5)
    assert attention[0, :, len(SHORT) :].eq(0).all()


def test_a_beam_of_one_is_greedy_search(network):
    """Each token is the most probable one, as a loop without a cache finds it."""
    translator = Translator(network, 0)
    translator.ngram = 1000  # so that nothing is blocked
    said = []
    while END not in said and len(said) < 15:
        scores = log_probabilities(network, LONG, said)[-1]
        scores[[PAD, BEGIN]] = float("-inf")
        said.append(int(scores.argmax()))
    found = torch.jit.script(translator)(batch(LONG), 1, 1)[0][2].tolist()
    assert found[: len(said)] == said


@pytest.mark.parametrize("beam", [1, 4])
def test_sentences_in_a_batch_are_translated_as_alone(translator, beam):
    """The tokens are the same, and the scores to five digits, whatever the other sentences are."""
    together = by_sentence(translator(batch(SHORT, LONG, LONG[2:]), beam, beam), 3)
    for place, sentence in enumerate((SHORT, LONG, LONG[2:])):
        alone = by_sentence(translator(batch(sentence), beam, beam), 1)[0]
        assert [ids for _, ids in alone] == [ids for _, ids in together[place]]
        assert [score for score, _ in alone] == pytest.approx(
            [score for score, _ in together[place]], abs=1e-5
        )


@pytest.mark.parametrize("beam", [1, 5])
def test_scores_are_the_mean_log_probability_that_the_network_gives(network, translator, beam):
    """They are computed again from one pass over the finished translation, END included."""
    for score, ids in by_sentence(translator(batch(LONG), beam, beam), 1)[0]:
        exact = log_probabilities(network, LONG, ids[:-1])
        assert score == pytest.approx(float(exact.gather(1, torch.tensor(ids).unsqueeze(1)).mean()), abs=1e-4)


def test_a_beam_finds_as_many_translations_as_asked_for_and_none_twice(translator):
    """Five of five, all different, each with one END at its end."""
    ids = [ids for _, ids in by_sentence(translator(batch(LONG), 5, 5), 1)[0]]
    assert len(ids) >= 5 and len(set(map(tuple, ids))) == len(ids)
    assert all(one.index(END) == len(one) - 1 for one in ids)


@pytest.mark.parametrize("beam", [1, 5])
def test_what_must_be_said_is_said_before_a_translation_ends(translator, beam):
    """Each sentence of a batch has its own required tokens. Without any, none is added."""
    free = by_sentence(translator(batch(SHORT, LONG), beam, 1), 2)
    must = by_sentence(translator(batch(SHORT, LONG), beam, 1, torch.tensor([[33, 21], [PAD, PAD]])), 2)
    said = [ids for _, ids in must[0]]
    full = 1.5 * len(SHORT) + 10
    assert any({33, 21} <= set(ids) for ids in said) or all(len(ids) >= int(full) for ids in said)
    assert [ids for _, ids in must[1]] == [ids for _, ids in free[1]]
    assert [score for score, _ in must[1]] == pytest.approx([score for score, _ in free[1]], abs=1e-5)


class Sure(torch.nn.Module):
    """A network that says 5, 6, 7 and so on up to 12 and then ends. Before that, END is very improbable."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding.from_pretrained(torch.eye(40))

    def encode(self, source) -> List[torch.Tensor]:
        return [source]

    def begin(self, fixed: List[torch.Tensor]) -> List[torch.Tensor]:
        return [torch.zeros(fixed[0].size(0), 1)]

    def step(
        self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        following = torch.where(token < 5, torch.full_like(token, 5), token + 1)
        following = torch.where(following > 12, torch.full_like(token, 2), following)
        scores = torch.full([token.size(0), 40], -30.0)
        scores[:, 2] = -9.0
        scores = scores.scatter(1, following.unsqueeze(1), torch.zeros(token.size(0), 1))
        return scores, torch.ones(token.size(0), 1, fixed[0].size(1)), moving


def test_a_beam_goes_on_after_an_improbable_end():
    """The first hypothesis that ends is not the translation while better ones continue."""
    found = by_sentence(torch.jit.script(Translator(Sure(), 0))(batch(LONG), 5, 1), 1)[0]
    assert found[0][1] == [5, 6, 7, 8, 9, 10, 11, 12, END]


@pytest.mark.parametrize("beam", [1, 5])
def test_nothing_is_endless_and_nothing_repeats_itself(translator, beam):
    """At most 1.5 tokens per source token plus 10. No four tokens occur twice if the
    source repeats nothing.
    """
    for _, ids in by_sentence(translator(batch(LONG), beam, beam), 1)[0]:
        assert len(ids) <= 1.5 * len(LONG) + 10
        four = [tuple(ids[i : i + 4]) for i in range(len(ids) - 3)]
        assert len(set(four)) == len(four)


def test_what_the_source_repeats_may_be_repeated(translator):
    """If the source has two subwords three times, the same four tokens may occur three times."""
    _, repeats = translator.limits(batch([5, 6, 7, 5, 6, 8, 5, 6, END], LONG))
    assert repeats.tolist() == [3, 1]


def test_what_is_saved_has_sixteen_bits_and_says_the_same_tokens(network):
    """Loaded and converted to 32 bits, the script is the network with rounded weights."""
    file = io.BytesIO()
    torch.jit.save(scripted(network, 0), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float16}
    exact = by_sentence(Translator(network, 0)(batch(LONG), 1, 1), 1)[0][0]
    found = by_sentence(loaded.float()(batch(LONG), 1, 1), 1)[0][0]
    assert found[0] == pytest.approx(exact[0], abs=0.01)


def test_a_sentence_is_said_by_its_lexicon_the_frequent_tokens_and_its_own(network):
    """Alone and beside another, which has a larger one; what is wanted may be said as well."""
    table = torch.zeros(VOCABULARY, 2, dtype=torch.int16)
    table[5], table[8] = torch.tensor([20, 21]).short(), torch.tensor([22, 23]).short()
    search = Translator(network, 0, range(0), table, torch.tensor([0, 1, 2, 3, 4]))
    wanted = torch.tensor([[30], [PAD]])
    alone = by_sentence(search(batch(SHORT), 5, 5, wanted[:1]), 1)[0]
    beside = by_sentence(search(batch(SHORT, LONG), 5, 5, wanted), 2)[0]
    assert {token for _, ids in alone for token in ids} <= {2, 3, 4, 5, 7, 9, 20, 21, 30}
    assert [ids for _, ids in alone] == [ids for _, ids in beside]


def test_a_lexicon_of_all_tokens_changes_nothing(network):
    every = torch.arange(VOCABULARY)
    search = Translator(network, 0, range(0), torch.zeros(VOCABULARY, 1, dtype=torch.int16), every)
    found, plain = (by_sentence(one(batch(LONG), 5, 3), 1)[0] for one in (search, Translator(network, 0)))
    assert [ids for _, ids in found] == [ids for _, ids in plain]


class Even(Sure):
    """To this network all tokens are as likely, but END after 3 of them; it looks at the first token."""

    def step(
        self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        count, looked = token.size(0), torch.zeros(token.size(0), 1, fixed[0].size(1))
        looked[:, :, 0] = 1.0
        scores = torch.zeros(count, 40)
        scores[:, 2] = torch.where(moving[0][:, 0] < 3, torch.full([count], -9.0), torch.full([count], 20.0))
        return scores, looked, [moving[0] + 1]


@pytest.mark.parametrize("beam", [1, 5])
def test_what_the_dictionary_hints_at_is_said_in_its_order(beam):
    """A word of two tokens, of which the second comes after the first alone; not what another word means."""
    hints = torch.tensor([[[0, -1, 17.0, 0.9], [0, 17, 11, 0.95], [1, -1, 30, 0.9], [0, 0, 0, 0]]])
    search = torch.jit.script(Translator(Even(), 0))
    found = by_sentence(search(batch(LONG), beam, 1, None, None, hints), 1)[0][0][1]
    assert found[:2] == [17, 11] and 30 not in found
    _, others, ids = search.sure(batch(LONG), torch.tensor(found), 1, hints)
    assert ids[:2, 0].tolist() == [17, 11] and float(others[0, 0]) > 0.5


def test_a_translation_that_passed_over_a_word_is_chosen_only_if_it_scores_much_better():
    """Of a source of three tokens and END one translation looked at all three, the other at two."""
    whole = np.array([[0.9, 0.1, 0, 0], [0.1, 0.9, 0, 0], [0, 0, 1, 0]])
    short = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    assert passed_over(whole) == pytest.approx(0) and passed_over(short) == pytest.approx(np.log(20) / 3)
    assert passed_over(short[:, -1:]) == 0  # nothing but END
    model = Model.__new__(Model)
    model.stand_ins = SimpleNamespace(lost=lambda sentence, texts: [(0, 0)] * len(texts))
    model.ranking = SimpleNamespace(worth=lambda source, targets: np.zeros(len(targets)))
    for score, chosen in ((-0.1, "whole"), (-0.3, "short")):
        options = [
            Translation("short", -0.05, [], [], short),
            Translation("whole", score, [], [], whole),
        ]
        assert model.chosen("Zwei Worte", options)[0].text == chosen
