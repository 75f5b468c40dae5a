"""onnxruntime, on a model that export_onnx.py or fuse.py wrote: every optimisation of its own is on."""

import numpy as np
import onnxruntime

from text_batches import Texts, feed


def versions():
    return {"onnxruntime": onnxruntime.__version__}


class Model:
    def __init__(self, folder, threads, file="model.onnx"):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        providers = ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(f"{folder}/{file}", options, providers=providers)
        self.names = [given.name for given in self.session.get_inputs()]
        self.folder, self.texts = folder, None

    def ids(self, rows):
        ids = np.array(rows, np.int64)
        fed = feed(ids, np.ones_like(ids), self.names)
        return lambda: self.session.run(None, fed)[0]

    def embed(self, texts, batch):
        self.texts = self.texts or Texts(self.folder)
        vectors = [None] * len(texts)
        for places, ids, mask in self.texts.batches(texts, batch):
            found = self.session.run(None, feed(ids, mask, self.names))[0]
            for place, vector in zip(places, found):
                vectors[place] = vector
        return np.stack(vectors)

    def touch(self):
        """The session has read them."""
