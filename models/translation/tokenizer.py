"""Text -> subwords and back, by SentencePiece's byte-pair encoding. Both languages share one vocabulary, and
case is kept.

The library sentencepiece trains the vocabulary and serves it from one small file. It writes characters that
it has never seen as bytes.
"""

from typing import Dict, List

from models.translation.verbatim import MASKS

PAD, BEGIN, END = 0, 1, 2  # ids; 3, unknown, never occurs, because unknown characters become bytes


class Tokenizer:
    """The subwords of a trained SentencePiece model, from the bytes of its file."""

    def __init__(self, model: bytes):
        import sentencepiece  # here and not above: importing this module should cost nothing

        self.pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
        first = self.pieces.piece_to_id(MASKS[0])
        self.masks = range(first, first + len(MASKS))
        self.read: Dict[int, str] = {}  # the tokens that were asked for; asking the library takes longer

    def __len__(self) -> int:
        return self.pieces.get_piece_size()

    def ids(self, texts: List[str], dropout: float = 0.0) -> List[List[int]]:
        """The ids of each text, with END last. With `dropout`, some merges are skipped at random
        (BPE-dropout, Provilkov et al. 2020).
        """
        drawn = dict(enable_sampling=True, alpha=dropout) if dropout else {}
        # by itself the library starts threads, which takes longer than a sentence
        return [ids + [END] for ids in self.pieces.encode(texts, num_threads=1, **drawn)]

    def text(self, ids: List[int]) -> str:
        return self.pieces.decode([i for i in ids if i > END])

    def tokens(self, ids: List[int]) -> List[str]:
        """The subwords as a reader sees them, with the space before a word. A byte that is not a whole
        character becomes hexadecimal digits.
        """
        return list(map(self.token, ids))

    def token(self, i: int) -> str:
        if i not in self.read:
            self.read[i] = self.shown(i)
        return self.read[i]

    def shown(self, i: int) -> str:
        piece = self.pieces.id_to_piece(i)
        if self.pieces.is_byte(i):
            value = int(piece[1:-1], 16)  # <0x51>
            return chr(value) if value < 128 else piece
        return piece.replace("\u2581", " ")
