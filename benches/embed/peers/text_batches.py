"""Texts to batches of token ids, for programs that take no texts: sorted by length, so that little is padding."""

import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer


class Texts:
    def __init__(self, folder):
        folder = Path(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        limit = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        self.tokenizer.enable_truncation(limit)

    def batches(self, texts, batch):
        """Each: the places of its texts, their ids, and which of these are no padding."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]
        order = sorted(range(len(ids)), key=lambda at: -len(ids[at]))
        for first in range(0, len(order), batch):
            places = order[first : first + batch]
            padded = np.zeros((len(places), len(ids[places[0]])), np.int64)
            mask = np.zeros_like(padded)
            for row, place in enumerate(places):
                padded[row, : len(ids[place])] = ids[place]
                mask[row, : len(ids[place])] = 1
            yield places, padded, mask


def feed(ids, mask, names):
    """What a model of these inputs is given."""
    known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    return {name: known[name] for name in names}
