"""Vectors of real sentences by sentence-transformers, for comparing a real model with them.

usage: reference.py MODEL_FOLDER TEXTS.json REFERENCES.json     TEXTS: a list of strings
"""

import json
import sys

from sentence_transformers import SentenceTransformer


def main():
    folder, texts, references = sys.argv[1:]
    with open(texts, encoding="utf-8") as file:
        texts = json.load(file)
    model = SentenceTransformer(folder, device="cpu")
    vectors = model.encode(texts, batch_size=32)
    found = [
        {"text": text, "vector": [float(str(value)) for value in vector]} for text, vector in zip(texts, vectors)
    ]
    with open(references, "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
