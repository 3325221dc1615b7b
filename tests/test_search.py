"""The translation networks and the search over them, on small networks with random weights."""

import io
from typing import List, Tuple

import pytest
import torch

from models.translation.network import ARCHITECTURES
from models.translation.search import Translator, scripted
from models.translation.tokenizer import BEGIN, END, PAD

VOCABULARY = 40
SHORT, LONG = [5, 9, 7, END], [8, 6, 5, 11, 30, 12, 9, END]  # ids of two sentences
SMALL = {
    "transformer": dict(width=16, heads=2, encoder=2, decoder=2), "gru": dict(width=16), "lstm": dict(width=16),
    "gru-context": dict(width=16), "convolutional": dict(width=16, encoder=2, decoder=2)}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # today's torch has some for its own scripts


@pytest.fixture(scope="module", params=sorted(SMALL))
def network(request):
    torch.manual_seed(4)
    small = ARCHITECTURES[request.param](VOCABULARY, **SMALL[request.param]).eval()
    for parameter in small.parameters():
        parameter.requires_grad_(False).mul_(2)  # or all tokens would be about as likely
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
    """The hypotheses of each sentence, the best first: [(score, ids)]"""
    ordered = sorted(((place, score, ids.tolist()) for place, score, ids, _ in found), key=lambda one: -one[1])
    return [[(score, ids) for at, score, ids in ordered if at == place] for place in range(count)]


def test_cached_steps_give_what_one_pass_over_all_tokens_gives(network):
    """Keys, values and states that are kept from step to step change nothing."""
    target = [7, 31, 8, 8, 19]
    fixed = network.encode(batch(SHORT))
    moving, scores = network.begin(fixed), []
    for token in [BEGIN] + target:
        score, _, moving = network.step(torch.tensor([token]), moving, fixed)
        scores.append(torch.log_softmax(score, dim=1)[0])
    assert torch.allclose(torch.stack(scores), log_probabilities(network, SHORT, target), atol=1e-5)


def test_padding_changes_no_score(network):
    """A sentence beside a longer one has the scores that it has alone."""
    known = torch.tensor([[BEGIN, 7, 8]])
    alone = network.score(network(batch(SHORT), known))[0]
    beside = network.score(network(batch(SHORT, LONG), known.repeat(2, 1)))[0]
    assert torch.allclose(alone, beside, atol=1e-5)


def test_no_score_depends_on_a_later_token(network):
    """The third token may be any: what is said before it stays."""
    one, other = (network(batch(LONG), torch.tensor([[BEGIN, 7, last]])) for last in (8, 9))
    assert torch.allclose(one[:, :2], other[:, :2], atol=1e-6)
    assert not torch.allclose(one[:, 2], other[:, 2], atol=1e-3)


def test_attention_sums_to_one_and_never_looks_at_padding(network):
    """Each layer's row over the source is a distribution over the sentence's own tokens."""
    fixed = network.encode(batch(SHORT, LONG))
    _, attention, _ = network.step(torch.tensor([BEGIN, BEGIN]), network.begin(fixed), fixed)  # (N, L, S)
    assert torch.allclose(attention.sum(dim=2), torch.ones(2, attention.size(1)), atol=1e-5)
    assert attention[0, :, len(SHORT) :].eq(0).all()


def test_a_beam_of_one_is_greedy_search(network):
    """The most probable token after token, as a loop without a cache finds them."""
    translator = Translator(network, 0)
    translator.ngram = 1000  # nothing is blocked
    said = []
    while END not in said and len(said) < 15:
        scores = log_probabilities(network, LONG, said)[-1]
        scores[[PAD, BEGIN]] = float("-inf")
        said.append(int(scores.argmax()))
    found = torch.jit.script(translator)(batch(LONG), 1, 1)[0][2].tolist()
    assert found[: len(said)] == said


@pytest.mark.parametrize("beam", [1, 4])
def test_sentences_in_a_batch_are_translated_as_alone(translator, beam):
    """Tokens are the same, and scores to five digits, whatever stands beside them."""
    together = by_sentence(translator(batch(SHORT, LONG, LONG[2:]), beam, beam), 3)
    for place, sentence in enumerate((SHORT, LONG, LONG[2:])):
        alone = by_sentence(translator(batch(sentence), beam, beam), 1)[0]
        assert [ids for _, ids in alone] == [ids for _, ids in together[place]]
        assert [score for score, _ in alone] == pytest.approx([score for score, _ in together[place]], abs=1e-5)


@pytest.mark.parametrize("beam", [1, 5])
def test_scores_are_the_mean_log_probability_that_the_network_gives(network, translator, beam):
    """Recomputed from one pass over the finished translation, END included."""
    for score, ids in by_sentence(translator(batch(LONG), beam, beam), 1)[0]:
        exact = log_probabilities(network, LONG, ids[:-1])
        assert score == pytest.approx(float(exact.gather(1, torch.tensor(ids).unsqueeze(1)).mean()), abs=1e-4)


def test_a_beam_finds_as_many_translations_as_asked_for_and_none_twice(translator):
    """Five of five, each other than the rest, each with one END at its end."""
    ids = [ids for _, ids in by_sentence(translator(batch(LONG), 5, 5), 1)[0]]
    assert len(ids) >= 5 and len(set(map(tuple, ids))) == len(ids)
    assert all(one.index(END) == len(one) - 1 for one in ids)


@pytest.mark.parametrize("beam", [1, 5])
def test_what_must_be_said_is_said_before_a_translation_ends(translator, beam):
    """Each sentence of a batch has its own tokens; none is added where none is asked for."""
    free = by_sentence(translator(batch(SHORT, LONG), beam, 1), 2)
    must = by_sentence(translator(batch(SHORT, LONG), beam, 1, torch.tensor([[33, 21], [PAD, PAD]])), 2)
    said = [ids for _, ids in must[0]]
    full = 1.5 * len(SHORT) + 10
    assert any({33, 21} <= set(ids) for ids in said) or all(len(ids) >= int(full) for ids in said)
    assert [ids for _, ids in must[1]] == [ids for _, ids in free[1]]
    assert [score for score, _ in must[1]] == pytest.approx([score for score, _ in free[1]], abs=1e-5)


class Sure(torch.nn.Module):
    """A network that says 5, 6, 7 and so on up to 12 and then ends, and holds an END before that for next to impossible."""

    def encode(self, source) -> List[torch.Tensor]:
        return [source]

    def begin(self, fixed: List[torch.Tensor]) -> List[torch.Tensor]:
        return [torch.zeros(fixed[0].size(0), 1)]

    def step(self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        following = torch.where(token < 5, torch.full_like(token, 5), token + 1)
        following = torch.where(following > 12, torch.full_like(token, 2), following)
        scores = torch.full([token.size(0), 40], -30.0)
        scores[:, 2] = -9.0
        scores = scores.scatter(1, following.unsqueeze(1), torch.zeros(token.size(0), 1))
        return scores, torch.ones(token.size(0), 1, fixed[0].size(1)), moving


def test_a_beam_goes_on_after_an_improbable_end():
    """The first hypothesis to end is no translation while better ones go on."""
    found = by_sentence(torch.jit.script(Translator(Sure(), 0))(batch(LONG), 5, 1), 1)[0]
    assert found[0][1] == [5, 6, 7, 8, 9, 10, 11, 12, END]


@pytest.mark.parametrize("beam", [1, 5])
def test_nothing_is_endless_and_nothing_repeats_itself(translator, beam):
    """At most 1.5 tokens a source token and 10 more; no four in a row twice where the source repeats nothing."""
    for _, ids in by_sentence(translator(batch(LONG), beam, beam), 1)[0]:
        assert len(ids) <= 1.5 * len(LONG) + 10
        four = [tuple(ids[i : i + 4]) for i in range(len(ids) - 3)]
        assert len(set(four)) == len(four)


def test_what_the_source_repeats_may_be_repeated(translator):
    """A source that says two subwords three times allows three times the same four."""
    _, repeats = translator.limits(batch([5, 6, 7, 5, 6, 8, 5, 6, END], LONG))
    assert repeats.tolist() == [3, 1]


def test_what_is_saved_has_sixteen_bits_and_says_the_same_tokens(network):
    """Loaded and widened again, the script is the network with its weights rounded."""
    file = io.BytesIO()
    torch.jit.save(scripted(network, 0), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float16}
    exact = by_sentence(Translator(network, 0)(batch(LONG), 1, 1), 1)[0][0]
    found = by_sentence(loaded.float()(batch(LONG), 1, 1), 1)[0][0]
    assert found[0] == pytest.approx(exact[0], abs=0.01)
