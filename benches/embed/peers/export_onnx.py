"""A model as ONNX: with its pooling (model.onnx), and for fastembed, which pools by itself, without (tokens.onnx).

usage: export_onnx.py FOLDER OUT [POOLING]
"""

import shutil
import sys
from pathlib import Path

import torch

from pooled import Encoder

OPSET = 17
# What fastembed and the tokenizer read.
BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "sentence_bert_config.json")


def export(folder, path, pooling):
    # Attention step by step is what onnxruntime's own fusions know.
    encoder = Encoder(folder, pooling, "eager")
    names, output = encoder.names(), "last_hidden_state" if pooling == "none" else "vectors"
    axes = {name: {0: "batch", 1: "tokens"} for name in names}
    axes[output] = {0: "batch", 1: "tokens"} if pooling == "none" else {0: "batch"}
    with torch.no_grad():
        torch.onnx.export(
            encoder,
            encoder.example(),
            str(path),
            input_names=names,
            output_names=[output],
            dynamic_axes=axes,
            opset_version=OPSET,
            # The exporter by tracing: the graph that it writes is the one that the fusions were written for.
            dynamo=False,
        )


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for name in BESIDE:
        if (folder / name).is_file() and folder != out:
            shutil.copy(folder / name, out / name)
    if len(sys.argv) > 3:
        export(folder, out / "model.onnx", sys.argv[3])
    else:
        export(folder, out / "model.onnx", "mean")
        export(folder, out / "tokens.onnx", "none")


if __name__ == "__main__":
    main()
