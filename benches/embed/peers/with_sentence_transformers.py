"""sentence-transformers, on torch in f32."""

import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer


def versions():
    return {
        "sentence-transformers": sentence_transformers.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
    }


class Model:
    def __init__(self, folder, threads):
        torch.set_num_threads(threads)
        self.model = SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})

    def ids(self, rows):
        ids = torch.tensor(rows)
        features = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

        def run():
            with torch.inference_mode():
                return self.model(dict(features))["sentence_embedding"].numpy()

        return run

    def embed(self, texts, batch):
        return self.model.encode(texts, batch_size=batch, convert_to_numpy=True, show_progress_bar=False)

    def touch(self):
        with torch.inference_mode():
            return sum(float(value.sum()) for value in self.model.parameters())
