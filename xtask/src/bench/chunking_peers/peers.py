"""Cuts a text as it is asked, a question of JSON a line: which program, which task, which file, how large."""

import json
import os
import sys
import time

import semchunk
from chonkie import RecursiveChunker
from langchain_text_splitters import MarkdownTextSplitter, RecursiveCharacterTextSplitter
from tokenizers import Tokenizer


def tokenizer():
    found = Tokenizer.from_file(os.environ["SEMANTIK_BENCH_TOKENIZER"])
    found.no_padding()
    found.no_truncation()
    return found


def counter(task):
    """Sizes as the task counts them; made anew for each run, so that nothing is remembered of the one before."""
    if task == "tokens":
        words = tokenizer()
        return lambda text: len(words.encode(text).ids)
    return lambda text: len(text)


def splitter(program, task, size):
    """What takes a text and gives its chunks; made before the clock starts."""
    count = counter(task)
    if program == "semchunk":
        cut = semchunk.chunkerify(count, size)
        return cut
    if program == "chonkie":
        unit = tokenizer() if task == "tokens" else "character"
        chunker = RecursiveChunker(tokenizer=unit, chunk_size=size)
        return lambda text: [chunk.text for chunk in chunker.chunk(text)]
    kind = MarkdownTextSplitter if task == "markdown" else RecursiveCharacterTextSplitter
    chunker = kind(chunk_size=size, chunk_overlap=0, length_function=count, strip_whitespace=False)
    return chunker.split_text


def answer(question):
    with open(question["text"], encoding="utf-8", newline="") as file:
        text = file.read()
    cut = splitter(question["program"], question["task"], question["size"])
    start = time.perf_counter()
    chunks = cut(text)
    seconds = time.perf_counter() - start
    count = counter(question["task"])
    largest = max(map(count, chunks), default=0)
    return {"seconds": seconds, "chunks": len(chunks), "largest": largest, "tiles": "".join(chunks) == text}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # told to who asked, who goes on with the others
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
