"""A model for OpenVINO, with its pooling, in f32: model.xml and model.bin.

usage: export_openvino.py FOLDER OUT
"""

import sys

import openvino
import torch

from pooled import Encoder


def main():
    folder, out = sys.argv[1:]
    # Attention as one operation is what OpenVINO has a kernel for.
    encoder = Encoder(folder, "mean", "sdpa")
    with torch.no_grad():
        model = openvino.convert_model(encoder, example_input=encoder.example())
    for given, name in zip(model.inputs, encoder.names()):
        given.get_tensor().set_names({name})
        given.get_node().set_partial_shape(openvino.PartialShape([-1, -1]))
    model.validate_nodes_and_infer_types()
    openvino.save_model(model, f"{out}/model.xml", compress_to_fp16=False)


if __name__ == "__main__":
    main()
