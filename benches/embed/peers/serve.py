"""One program of the comparison: reads questions and writes answers, a line of JSON each, until its input ends.

usage: serve.py PROGRAM THREADS

PROGRAM is a module beside this file, `with_PROGRAM.py` with `-` as `_`. Its `Model` is made of a folder and options, and has
    ids(rows)           a function that computes the vectors of rows of token ids, the same number of ids in each
    embed(texts, batch) the vectors of texts, in their order
    touch()             reads every weight, so that all of them are in memory
What is imported is imported before the first question. Seconds are of one thread's clock and never of an import.
"""

import importlib
import json
import os
import sys
import time

import memory

FIRST = "The quick brown fox jumps over the lazy dog."


class Program:
    def __init__(self, module, threads):
        self.module, self.threads = module, threads
        self.models, self.texts = {}, []

    def versions(self, _):
        return {"versions": self.module.versions()}

    def load(self, question):
        """From a folder to the vector of a first text."""
        # One of the same name makes room first, as it would in a program that starts.
        self.models.pop(question["as"], None)
        start = time.perf_counter()
        model = self.module.Model(question["folder"], self.threads, **question.get("options", {}))
        vector = model.embed([FIRST], 1)[0] if question.get("first", True) else []
        seconds = time.perf_counter() - start
        self.models[question["as"]] = model
        return {"seconds": seconds, "vector": numbers(vector)}

    def drop(self, question):
        self.models.pop(question["as"], None)
        return {}

    def ids(self, question):
        run = self.models[question["of"]].ids(question["rows"])
        seconds, vectors = best(run, question["times"])
        return {"seconds": seconds, "vector": numbers(vectors[0])}

    def read(self, question):
        with open(question["path"], encoding="utf-8") as file:
            self.texts = json.load(file)
        return {"texts": len(self.texts)}

    def embed(self, question):
        texts, model = self.texts[: question["count"]], self.models[question["of"]]
        seconds, vectors = best(lambda: model.embed(texts, question["batch"]), 1)
        return {"seconds": seconds, "vector": numbers(vectors[-1])}

    def memory(self, question):
        """The peak while all texts are embedded, and what was resident before: the program, its weights, one short text."""
        model = self.models[question["of"]]
        model.embed([FIRST], 1)
        model.touch()
        memory.forget_peak()
        base = memory.resident()
        vectors = model.embed(self.texts, question["batch"])
        return {"base": base, "peak": memory.peak(), "vector": numbers(vectors[-1])}

    def products(self, question):
        return self.module.products(question["products"], question["times"], self.threads)


def best(run, times):
    """The fewest seconds of so many runs, and what the last one gave."""
    fewest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        found = run()
        fewest = min(fewest, time.perf_counter() - start)
    return fewest, found


def numbers(vector):
    return [float(value) for value in vector]


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    # Answers have standard output for themselves: packages print where they like.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    program = Program(importlib.import_module(f"with_{name.replace('-', '_')}"), threads)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = getattr(program, question["op"])(question)
        # A program that cannot do one thing may do the next.
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
