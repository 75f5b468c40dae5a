"""sentence-transformers on the same shapes, and on the same chunks, as the programs beside it: JSON lines.

usage: peer.py shapes MODEL_FOLDER [SECONDS]            tokens/s at the shapes of `semantik-device bench`
       peer.py encode MODEL_FOLDER CHUNKS.jsonl COUNT   chunks/s of `encode` on the first COUNT chunks

In f16, bf16 and f32 on a GPU, in f32 where there is none.
"""
import json, sys, time
import torch
from sentence_transformers import SentenceTransformer

SHAPES = [
    (1, 16), (1, 128), (8, 128), (64, 32), (32, 128), (64, 128),
    (64, 256), (256, 128), (512, 128), (1024, 128), (2048, 128),
]
QUEUED = 20
gpu = torch.cuda.is_available()
name = torch.cuda.get_device_name() if gpu else "cpu"


def models(folder):
    for dtype in ("f16", "bf16", "f32") if gpu else ("f32",):
        model = SentenceTransformer(folder, device="cuda" if gpu else "cpu")
        model = {"f16": model.half, "bf16": model.bfloat16, "f32": model.float}[dtype]()
        yield dtype, model
        del model
        if gpu:
            torch.cuda.empty_cache()


def wait():
    if gpu:
        torch.cuda.synchronize()


def say(what, dtype, row):
    print(json.dumps({"what": what, "backend": "sentence-transformers", "device": name, "dtype": dtype, **row}), flush=True)


def shapes(folder, seconds):
    for dtype, model in models(folder):
        word = model.tokenizer.encode("memory", add_special_tokens=False)[0]
        first, last = model.tokenizer.cls_token_id, model.tokenizer.sep_token_id
        speed = 0
        for items, tokens in SHAPES:
            row = {"items": items, "tokens": tokens}
            # As semantik-device: what would take longer than four times its time is left out.
            if speed and items * tokens / speed > 4 * seconds:
                say("bench", dtype, {**row, "skipped": "one run takes too long"})
                continue
            ids = torch.tensor([[first] + [word] * (tokens - 2) + [last]] * items, device=model.device)

            def forward():
                return model({"input_ids": ids, "attention_mask": torch.ones_like(ids)})["sentence_embedding"]

            def run():
                start = time.perf_counter()
                forward().float().cpu()
                return time.perf_counter() - start

            try:
                with torch.inference_mode():
                    row["first_seconds"] = run()
                    rounds, start = [], time.perf_counter()
                    while len(rounds) < 3 or (len(rounds) < 50 and time.perf_counter() - start < seconds):
                        rounds.append(run())
                        if time.perf_counter() - start > 4 * seconds:
                            break
                    rounds.sort()
                    row.update(rounds=len(rounds), best_seconds=rounds[0], median_seconds=rounds[len(rounds) // 2])
                    row["tokens_per_second"] = speed = items * tokens / rounds[0]
                    if gpu:
                        wait()
                        start = time.perf_counter()
                        for _ in range(QUEUED):
                            vectors = forward()
                        vectors.float().cpu()
                        row["queued_seconds"] = (time.perf_counter() - start) / QUEUED
                        row["queued_tokens_per_second"] = items * tokens / row["queued_seconds"]
                        row["pool_reserved"] = torch.cuda.memory_reserved()
            except torch.cuda.OutOfMemoryError as error:
                torch.cuda.empty_cache()
                row["skipped"] = str(error)
            say("bench", dtype, row)


def encode(folder, file, count):
    with open(file, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(count), lines)]
    for dtype, model in models(folder):
        model.max_seq_length = 256
        for batch in (32, 256, 1024):
            # What compiles and chooses its kernels does so here.
            model.encode(texts[: 2 * batch], batch_size=batch)
            wait()
            start = time.perf_counter()
            model.encode(texts, batch_size=batch)
            seconds = time.perf_counter() - start
            row = {"batch": batch, "chunks": len(texts), "seconds": seconds, "chunks_per_second": len(texts) / seconds}
            say("encode", dtype, row)


if sys.argv[1] == "shapes":
    shapes(sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 5.0)
else:
    encode(sys.argv[2], sys.argv[3], int(sys.argv[4]))
