"""OpenVINO's own int8 of model.xml by nncf, weights and activations: int8.xml and int8.bin.

usage: quantise.py FOLDER TEXTS.json     TEXTS: a list of strings, of which the last are what scales are taken from
"""

import json
import sys

import nncf
import openvino

from text_batches import Texts, feed

SAMPLES = 300


def main():
    folder, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        texts = json.load(file)[-SAMPLES:]
    model = openvino.Core().read_model(f"{folder}/model.xml")
    names = [given.any_name for given in model.inputs]
    samples = [feed(ids, mask, names) for _, ids, mask in Texts(folder).batches(texts, 1)]
    quantised = nncf.quantize(
        model, nncf.Dataset(samples), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(samples)
    )
    openvino.save_model(quantised, f"{folder}/int8.xml", compress_to_fp16=False)


if __name__ == "__main__":
    main()
