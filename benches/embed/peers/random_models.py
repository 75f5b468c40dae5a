"""A model of random weights as sentence-transformers saves it, for comparing speeds of architectures.

usage: random_models.py NAME SIZE OUT [TOKENIZER_FOLDER]

NAME is a family, SIZE one of SIZES below. The vocabulary is small: embeddings are looked up and not computed, so that it
changes nothing but the file. With TOKENIZER_FOLDER its tokenizer and vocabulary are taken instead. Prints how texts are
pooled, as export_onnx.py takes it.
"""

import sys
import tempfile
from pathlib import Path

import torch
import transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast, T5EncoderModel

# The tokenizers of the fixtures, trained on a few sentences.
sys.path.insert(0, str(Path(__file__).parents[3] / "xtask/src/parity"))
import fixtures

# Hidden, heads, layers, between the halves of a feed-forward layer.
SIZES = {"nothing": (32, 4, 1, 64), "tiny": (128, 4, 2, 512), "base": (768, 12, 12, 3072)}
LIMIT = 512
TOKENIZERS = {
    "bert": fixtures.word_piece,
    "roberta": fixtures.roberta_tokenizer,
    "xlm-roberta": fixtures.xlm_roberta_tokenizer,
    "distilbert": fixtures.word_piece,
    "mpnet": fixtures.mpnet_word_piece,
    "modernbert": fixtures.modernbert_tokenizer,
    "nomic_bert": fixtures.word_piece,
    "t5": fixtures.t5_tokenizer,
    "qwen3": fixtures.qwen3_tokenizer,
}
POOLING = {"qwen3": "lasttoken"}


def config(name, size, vocabulary):
    hidden, heads, layers, wide = SIZES[size]
    usual = {
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "intermediate_size": wide,
        "max_position_embeddings": LIMIT + 2,
    }
    rope = lambda base: {"rope_parameters": {"rope_type": "default", "rope_theta": base}}
    if name == "bert":
        return transformers.BertConfig(**usual)
    if name == "roberta":
        return transformers.RobertaConfig(**usual, type_vocab_size=1)
    if name == "xlm-roberta":
        return transformers.XLMRobertaConfig(**usual, type_vocab_size=1)
    if name == "distilbert":
        return transformers.DistilBertConfig(
            vocab_size=vocabulary, dim=hidden, n_heads=heads, n_layers=layers, hidden_dim=wide, max_position_embeddings=LIMIT
        )
    if name == "mpnet":
        return transformers.MPNetConfig(**usual)
    if name == "modernbert":
        # As the published one: its feed-forward is gated, and each third layer sees all tokens.
        usual["intermediate_size"] = wide * 3 // 8
        return transformers.ModernBertConfig(**usual, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3)
    if name == "nomic_bert":
        return transformers.NomicBertConfig(**usual, **rope(1000.0))
    if name == "t5":
        return transformers.T5Config(
            vocab_size=vocabulary, d_model=hidden, d_kv=hidden // heads, d_ff=wide, num_layers=layers, num_heads=heads
        )
    return transformers.Qwen3Config(
        **usual, num_key_value_heads=heads // 2, head_dim=hidden // heads, **rope(1_000_000.0), architectures=["Qwen3ForCausalLM"]
    )


def tokenizer_of(name):
    made = TOKENIZERS[name]()
    special = {
        fixtures.NAMES[token.content]: token.content
        for token in made.get_added_tokens_decoder().values()
        if token.content in fixtures.NAMES
    }
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=LIMIT, **special)


def main():
    name, size, out, *given = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(given[0]) if given else tokenizer_of(name)
    settings = config(name, size, len(tokenizer))
    # Small, so that attention is even and no number grows over many layers: what is computed takes as long.
    torch.manual_seed(1)
    model = T5EncoderModel(settings) if name == "t5" else AutoModel.from_config(settings)
    pooling = POOLING.get(name, "mean")
    with tempfile.TemporaryDirectory() as plain:
        model.save_pretrained(plain)
        tokenizer.save_pretrained(plain)
        transformer = Transformer(plain, max_seq_length=256 if given else LIMIT)
        modules = [transformer, Pooling(SIZES[size][0], pooling_mode=pooling), Normalize()]
        SentenceTransformer(modules=modules, device="cpu").save(out, create_model_card=False)
    print(pooling)


if __name__ == "__main__":
    main()
