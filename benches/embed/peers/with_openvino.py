"""OpenVINO, on a model that export_openvino.py or quantise.py wrote.

Options: `file`; `precision`, the numbers that it is asked to compute in, its own choice where none is named; `streams`, in
how many batches at a time the threads are shared out.
"""

import numpy as np
import openvino

from text_batches import Texts, feed


def versions():
    return {"openvino": openvino.__version__.split("-")[0]}


class Model:
    def __init__(self, folder, threads, file="model.xml", precision=None, streams=1):
        core = openvino.Core()
        able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bf16" and "BF16" not in able:
            raise ValueError(f"OpenVINO computes in no bf16 on this processor: {', '.join(able)}")
        config = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": streams}
        if precision is not None:
            config["INFERENCE_PRECISION_HINT"] = precision
        self.compiled = core.compile_model(core.read_model(f"{folder}/{file}"), "CPU", config)
        self.names = [given.any_name for given in self.compiled.inputs]
        self.request, self.streams = self.compiled.create_infer_request(), streams
        self.folder, self.texts = folder, None

    def ids(self, rows):
        ids = np.array(rows, np.int64)
        fed = feed(ids, np.ones_like(ids), self.names)
        return lambda: self.request.infer(fed)[0]

    def embed(self, texts, batch):
        self.texts = self.texts or Texts(self.folder)
        vectors = [None] * len(texts)

        def keep(request, places):
            for place, vector in zip(places, request.get_output_tensor(0).data.copy()):
                vectors[place] = vector

        queue = openvino.AsyncInferQueue(self.compiled, self.streams)
        queue.set_callback(keep)
        for places, ids, mask in self.texts.batches(texts, batch):
            queue.start_async(feed(ids, mask, self.names), places)
        queue.wait_all()
        return np.stack(vectors)

    def touch(self):
        """Compiling has read them."""
