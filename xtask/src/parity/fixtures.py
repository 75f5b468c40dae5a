"""Tiny models of random weights, one for each architecture and each part of sentence-transformers' folders, with the vectors
that the reference packages compute of them.

usage: fixtures.py FOLDER [NAME ...]     writes FOLDER/NAME for each fixture, or for those that are named
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, LayerNorm, Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModel, PreTrainedTokenizerFast, T5EncoderModel
from transformers import (
    BertConfig,
    DistilBertConfig,
    ModernBertConfig,
    MPNetConfig,
    NomicBertConfig,
    Qwen3Config,
    RobertaConfig,
    T5Config,
    XLMRobertaConfig,
)

HIDDEN, HEADS, LAYERS, WIDE, VOCABULARY = 32, 4, 2, 48, 256
# Tokens that a model reads, few enough that a text is beyond them.
LIMIT = 48

LONG = "The memory of a device is shared by everyone who works on it, and what is free now may be taken in a moment. "
TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "Foxes are quick.",
    "",
    " ",
    "a",
    "...!?",
    "Graphics cards have memory, and batches that do not fit into it fail.",
    "Die Straßenbahn fährt um halb acht über die Brücke.",
    "日本語の文章も、意味のある単位に分けられる。",
    "Быстрая коричневая лиса",
    "👍🏽 and 🇫🇷 flags",
    "one\ttwo\n\nthree    four",
    "<pad> [PAD] </s> [SEP] written in a text",
    LONG * 3,
]
# What tokenizers are trained on: the texts and more of the same.
CORPUS = TEXTS + [
    "A batch of texts is run together, and each text gets a vector of its own.",
    "Vectors of texts that mean the same are near each other.",
    "A tokenizer cuts words into pieces that it knows, and a model reads the pieces.",
    "The first token stands for the text in some models, the last in others, and the mean of all in most.",
]


# ---- tokenizers ----


def special(tokens, single):
    """Special tokens around each text."""
    ids = {token: index for index, token in enumerate(tokens)}
    used = [token for token in tokens if token in single.split()]
    return processors.TemplateProcessing(single=single, special_tokens=[(token, ids[token]) for token in used])


def word_piece(tokens=("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), single="[CLS] $A [SEP]"):
    tokenizer = Tokenizer(models.WordPiece(unk_token=tokens[1] if "[UNK]" in tokens else "[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=list(tokens), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = special(tokens, single)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def mpnet_word_piece():
    """MPNet's: special tokens of RoBERTa's kind, and [UNK] among the words."""
    tokens = ("<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>")
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=list(tokens), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def byte_level(tokens, post_processor, size=320):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = post_processor(tokenizer)
    return tokenizer


def unigram(tokens, single, unknown="<unk>"):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=VOCABULARY, special_tokens=list(tokens), unk_token=unknown, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = special(tokens, single)
    return tokenizer


def roberta_tokenizer():
    tokens = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    post = lambda tokenizer: processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return byte_level(tokens, post)


def modernbert_tokenizer():
    tokens = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    return byte_level(tokens, lambda tokenizer: special(tokens, "[CLS] $A [SEP]"))


def qwen3_tokenizer():
    tokens = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    # Qwen's own: bytes, then the token that ends each text.
    post = lambda tokenizer: processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), special(tokens, "$A <|endoftext|>")]
    )
    return byte_level(tokens, post)


NAMES = {
    "[PAD]": "pad_token",
    "<pad>": "pad_token",
    "[UNK]": "unk_token",
    "<unk>": "unk_token",
    "[CLS]": "cls_token",
    "<s>": "cls_token",
    "[SEP]": "sep_token",
    "</s>": "eos_token",
    "<|endoftext|>": "pad_token",
}


# ---- models ----


def sizes(tokenizer, **more):
    return {"vocab_size": tokenizer.get_vocab_size(), **more}


def bert_sizes(tokenizer, **more):
    usual = {
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "intermediate_size": WIDE,
        "max_position_embeddings": 64,
    }
    return sizes(tokenizer, **{**usual, **more})


def rope(base):
    return {"rope_type": "default", "rope_theta": base}


def bert(tokenizer):
    return BertConfig(**bert_sizes(tokenizer))


def roberta(tokenizer):
    return RobertaConfig(**bert_sizes(tokenizer, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5))


def xlm_roberta(tokenizer):
    return XLMRobertaConfig(**bert_sizes(tokenizer, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5))


def distilbert(tokenizer):
    more = {"dim": HIDDEN, "n_heads": HEADS, "n_layers": LAYERS, "hidden_dim": WIDE, "max_position_embeddings": 64}
    return DistilBertConfig(**sizes(tokenizer, **more))


def mpnet(tokenizer):
    return MPNetConfig(**bert_sizes(tokenizer, max_position_embeddings=66, layer_norm_eps=1e-5))


def modernbert(tokenizer):
    # Three layers: the second and the third see near tokens only, at most four away.
    more = {"num_hidden_layers": 3, "local_attention": 8, "global_attn_every_n_layers": 3, "pad_token_id": 0}
    ids = {"bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
    return ModernBertConfig(**bert_sizes(tokenizer, **more, **ids))


def nomic_bert(tokenizer):
    return NomicBertConfig(**bert_sizes(tokenizer, rope_parameters=rope(1000.0)))


def t5(tokenizer, feed_forward="relu"):
    more = {"d_model": HIDDEN, "d_kv": 12, "d_ff": WIDE, "num_layers": LAYERS, "num_heads": HEADS}
    return T5Config(**sizes(tokenizer, feed_forward_proj=feed_forward, **more))


def qwen3(tokenizer):
    more = {"num_key_value_heads": 2, "head_dim": 12, "rope_parameters": rope(1_000_000.0)}
    return Qwen3Config(**bert_sizes(tokenizer, **more), architectures=["Qwen3ForCausalLM"])


@torch.no_grad()
def randomise(model, seed):
    """Weights as large as trained ones, so that no part of a layer goes unnoticed: those of an untrained model leave
    attention even, and norms and biases at 1 and 0."""
    generator = torch.Generator().manual_seed(seed)
    normal = lambda value: torch.randn(value.shape, generator=generator)
    for name, value in model.named_parameters():
        if value.dim() == 1:
            is_scale = name.endswith("weight")
            value.copy_(1.0 + 0.3 * normal(value) if is_scale else 0.2 * normal(value))
        elif "relative_attention_bias" in name:
            value.copy_(1.5 * normal(value))
        elif "embeddings" in name or "embed_tokens" in name or "shared" in name:
            value.copy_(0.5 * normal(value))
        else:
            value.copy_(1.4 * normal(value) / value.shape[-1] ** 0.5)


# ---- fixtures ----


def make(folder, tokenizer, config, seed, behind=(), pooling="mean", include_prompt=True, truncate_dim=None, prompts=None,
         dtype=None, lowercase=False, pickled=False):
    """A folder as sentence-transformers saves it."""
    special_tokens = {NAMES[token.content]: token.content for token in tokenizer.get_added_tokens_decoder().values()
                          if token.content in NAMES}
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=LIMIT, **special_tokens)
    model = T5EncoderModel(config) if config.model_type == "t5" else AutoModel.from_config(config)
    randomise(model, seed)
    with tempfile.TemporaryDirectory() as plain:
        model.save_pretrained(plain)
        wrapped.save_pretrained(plain)
        transformer = Transformer(plain, max_seq_length=LIMIT, do_lower_case=lowercase)
        modules = [transformer, Pooling(HIDDEN, pooling_mode=pooling, include_prompt=include_prompt)]
        for index, module in enumerate(behind):
            if list(module.parameters()):
                randomise(module, seed + index + 1)
            modules.append(module)
        full = SentenceTransformer(modules=modules, truncate_dim=truncate_dim, prompts=prompts, device="cpu")
        full.save(str(folder), create_model_card=False)
    if dtype is not None:
        weights = folder / "model.safetensors"
        narrow = {name: value.to(dtype) for name, value in load_file(weights).items()}
        save_file(narrow, weights, metadata={"format": "pt"})
    if pickled:
        pickle(folder)


def pickle(folder):
    """Weights as older versions saved them: the encoder's as a zip archive with names of TensorFlow's in it, those of the
    steps behind it in the form before that."""
    for file in folder.rglob("*.safetensors"):
        is_encoder = file.parent == folder
        weights = {name: value.clone() for name, value in load_file(file).items()}
        if is_encoder:
            old = lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            weights = {"bert." + old(name): value for name, value in weights.items()}
            # A view into a larger tensor, its numbers not in order, beside a buffer of whole numbers.
            name = "bert.encoder.layer.0.output.dense.weight"
            weights[name] = weights[name].t().contiguous().t()
            weights["bert.embeddings.position_ids"] = torch.arange(64)[None]
        torch.save(weights, file.with_name("pytorch_model.bin"), _use_new_zipfile_serialization=is_encoder)
        file.unlink()


def numbers(vector):
    """In the fewest digits that read back as the same f32."""
    return [float(str(value)) for value in vector]


def vectors(folder, prompt=None):
    """Read back from the folder, in f32: what any program has that is given the folder."""
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    found = []
    for text in TEXTS:
        vector = model.encode(text, prompt=prompt, convert_to_numpy=True)
        ids = model.preprocess([text], prompt=prompt)["input_ids"][0].tolist()
        whole = len(model.tokenizer((prompt or "") + text, truncation=False)["input_ids"])
        found.append({"text": text, "ids": ids, "dropped": whole - len(ids), "vector": numbers(vector)})
    tokens = []
    for text in TEXTS[:2]:
        rows = model.encode(text, prompt=prompt, output_value="token_embeddings", convert_to_numpy=False)
        tokens.append({"text": text, "vectors": [numbers(row) for row in rows.numpy()]})
    return {"prompt": prompt, "texts": found, "tokens": tokens}


def behind_dense():
    return [
        Dense(HIDDEN, 24, activation_function=torch.nn.Tanh()),
        Dense(24, 16, bias=False, activation_function=torch.nn.Identity()),
    ]


ALL = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")


def t5_tokenizer():
    return unigram(("<pad>", "</s>", "<unk>"), "$A </s>")


def xlm_roberta_tokenizer():
    return unigram(("<s>", "<pad>", "</s>", "<unk>", "<mask>"), "<s> $A </s>")


# Each: its tokenizer, its configuration, and what `make` is told.
FIXTURES = {
    "bert": (word_piece, bert, {"behind": [Normalize()]}),
    "roberta": (roberta_tokenizer, roberta, {"behind": [Normalize()]}),
    "xlm-roberta": (xlm_roberta_tokenizer, xlm_roberta, {"behind": [Normalize()], "pooling": "cls"}),
    "distilbert": (word_piece, distilbert, {"behind": [Normalize()]}),
    "mpnet": (mpnet_word_piece, mpnet, {"behind": [Normalize()]}),
    "modernbert": (modernbert_tokenizer, modernbert, {"behind": [Normalize()], "pooling": "cls"}),
    "nomic_bert": (word_piece, nomic_bert, {"behind": [Normalize()]}),
    "t5": (t5_tokenizer, t5, {"behind": [Dense(HIDDEN, 24, bias=False, activation_function=torch.nn.Identity()), Normalize()]}),
    "t5-gated": (t5_tokenizer, lambda tokenizer: t5(tokenizer, "gated-gelu"), {}),
    "qwen3": (qwen3_tokenizer, qwen3, {"behind": [Normalize()], "pooling": "lasttoken", "prompts": {"query": "Instruct: find\nQuery: "}}),
    "pooling": (word_piece, distilbert, {"pooling": ALL}),
    "prompt": (word_piece, distilbert, {"pooling": ALL[2:], "include_prompt": False, "prompts": {"query": "query: the "}}),
    "dense": (word_piece, distilbert, {"behind": behind_dense()}),
    "layer-norm": (word_piece, distilbert, {"behind": [LayerNorm(HIDDEN), Normalize(), Dense(HIDDEN, 20), Normalize()]}),
    "truncate": (word_piece, distilbert, {"behind": [Normalize()], "truncate_dim": 12}),
    "f16": (word_piece, distilbert, {"behind": [Normalize()], "dtype": torch.float16}),
    "bf16": (word_piece, distilbert, {"behind": [Normalize()], "dtype": torch.bfloat16}),
    "lower-case": (roberta_tokenizer, roberta, {"behind": [Normalize()], "lowercase": True}),
    "pickled": (word_piece, bert, {"behind": [Dense(HIDDEN, 20), Normalize()], "pickled": True}),
}
# What no reader of the folder needs.
SURPLUS = ("README.md", "special_tokens_map.json", "generation_config.json")


def main():
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    torch.set_num_threads(1)
    for seed, (name, (tokenizer, config, options)) in enumerate(FIXTURES.items()):
        if names and name not in names:
            continue
        to = folder / name
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        made = tokenizer()
        make(to, made, config(made), 1000 * (seed + 1), **options)
        for surplus in SURPLUS:
            (to / surplus).unlink(missing_ok=True)
        for file in [*to.rglob("*.safetensors"), *to.rglob("*.bin")]:
            file.chmod(0o644)
        prompts = options.get("prompts")
        found = vectors(to, prompts["query"] if prompts else None)
        text = json.dumps(found, ensure_ascii=False)
        (to / "expected.json").write_text(text.replace('}, {"text"', '},\n{"text"') + "\n")
        size = sum(file.stat().st_size for file in to.rglob("*") if file.is_file())
        print(f"{name}: {size // 1024} KiB, {len(found['texts'][0]['vector'])} numbers")


if __name__ == "__main__":
    main()
