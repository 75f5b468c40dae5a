"""Tokens a second of sentence-transformers, at the same shapes as `semantik-device bench`: a JSON line each.

usage: peer.py MODEL_FOLDER [SECONDS]     in f16 on a GPU, in f32 where there is none
"""
import json, sys, time
import torch
from sentence_transformers import SentenceTransformer

SHAPES = [(1, 16), (1, 128), (8, 128), (64, 32), (32, 128), (64, 128), (64, 256), (256, 128), (512, 128)]
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
gpu = torch.cuda.is_available()
model = SentenceTransformer(sys.argv[1], device="cuda" if gpu else "cpu")
# Weights in f16 are kept in f16; a processor is slow with them.
model = model.half() if gpu else model.float()
name = torch.cuda.get_device_name() if gpu else "cpu"
word = model.tokenizer.encode("memory", add_special_tokens=False)[0]
first, last = model.tokenizer.cls_token_id, model.tokenizer.sep_token_id


def run(items, tokens):
    ids = torch.tensor([[first] + [word] * (tokens - 2) + [last]] * items, device=model.device)
    start = time.perf_counter()
    with torch.inference_mode():
        features = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        model(features)["sentence_embedding"].cpu()
    return time.perf_counter() - start


for items, tokens in SHAPES:
    row = {"what": "bench", "backend": "sentence-transformers", "device": name, "items": items, "tokens": tokens}
    row["dtype"] = "f16" if gpu else "f32"
    try:
        row["first_seconds"] = run(items, tokens)
        if row["first_seconds"] > 3 * seconds:
            row["skipped"] = "one run takes too long"
        else:
            rounds, start = [], time.perf_counter()
            while len(rounds) < 3 or (len(rounds) < 50 and time.perf_counter() - start < seconds):
                rounds.append(run(items, tokens))
            rounds.sort()
            row.update(rounds=len(rounds), best_seconds=rounds[0], median_seconds=rounds[len(rounds) // 2])
            row["tokens_per_second"] = items * tokens / rounds[0]
            row["cuda_reserved"] = torch.cuda.memory_reserved() if gpu else None
    except torch.cuda.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        row["skipped"] = str(error)
    print(json.dumps(row), flush=True)
