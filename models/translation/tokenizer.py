"""Text to subwords and back: SentencePiece's byte-pair encoding, one vocabulary for both languages, case kept.

The library is sentencepiece: it trains, serves from one small file in C++, and knows characters that it never saw as bytes.
"""

from typing import List

PAD, BEGIN, END = 0, 1, 2  # ids of the vocabulary; 3 is unknown, which bytes make superfluous


class Tokenizer:
    """The subwords of a trained SentencePiece model, from the bytes of its file."""

    def __init__(self, model: bytes):
        import sentencepiece  # here and not above: importing this module should cost nothing

        self.pieces = sentencepiece.SentencePieceProcessor(model_proto=model)

    def __len__(self) -> int:
        return self.pieces.get_piece_size()

    def ids(self, texts: List[str], dropout: float = 0.0) -> List[List[int]]:
        """Ids of each text, END last; with `dropout`, merges are skipped at random (BPE-dropout, Provilkov et al. 2020)."""
        drawn = dict(enable_sampling=True, alpha=dropout) if dropout else {}
        return [ids + [END] for ids in self.pieces.encode(texts, **drawn)]

    def text(self, ids: List[int]) -> str:
        return self.pieces.decode([i for i in ids if i > END])

    def tokens(self, ids: List[int]) -> List[str]:
        """The subwords as they read; a space before one shows as it is, and a byte that is no character alone in hexadecimal digits."""
        return [self.token(i) for i in ids]

    def token(self, i: int) -> str:
        piece = self.pieces.id_to_piece(i)
        if self.pieces.is_byte(i):
            value = int(piece[1:-1], 16)  # <0x51>
            return chr(value) if value < 128 else piece
        return piece.replace("\u2581", " ")
