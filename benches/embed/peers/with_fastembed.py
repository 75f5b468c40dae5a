"""fastembed, given a local model in the way that it has for models of one's own."""

import fastembed
import numpy as np
import onnxruntime
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

NAME = "local/model"


def versions():
    return {"fastembed": fastembed.__version__, "fastembed's onnxruntime": onnxruntime.__version__}


class Model:
    def __init__(self, folder, threads, dim=384, file="tokens.onnx"):
        if all(known["model"] != NAME for known in TextEmbedding.list_supported_models()):
            TextEmbedding.add_custom_model(
                model=NAME,
                pooling=PoolingType.MEAN,
                normalization=True,
                # Nothing is fetched from it: the folder is given.
                sources=ModelSource(hf=NAME),
                dim=dim,
                model_file=file,
            )
        self.model = TextEmbedding(NAME, specific_model_path=folder, threads=threads, local_files_only=True)

    def embed(self, texts, batch):
        return np.stack(list(self.model.embed(texts, batch_size=batch)))

    def touch(self):
        """Its session has read them."""
