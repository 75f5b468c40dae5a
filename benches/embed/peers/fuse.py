"""model.onnx after onnxruntime's optimizer for transformers, as fused.onnx.

usage: fuse.py FOLDER KIND     KIND: bert, the optimizer's name for the layers
"""

import json
import sys
from pathlib import Path

from onnxruntime.transformers import optimizer


def main():
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    config = json.loads((folder / "config.json").read_text())
    model = optimizer.optimize_model(
        str(folder / "model.onnx"),
        model_type=kind,
        # DistilBERT's names for them come second.
        num_heads=config.get("num_attention_heads") or config["n_heads"],
        hidden_size=config.get("hidden_size") or config["dim"],
        # Fusions only; what the session itself does for this processor, it does when it loads the model.
        opt_level=0,
        use_gpu=False,
    )
    fused = {name: count for name, count in model.get_fused_operator_statistics().items() if count}
    if not fused.get("Attention") and not fused.get("MultiHeadAttention"):
        sys.exit(f"the optimizer found no attention to fuse: {fused}")
    model.save_model_to_file(str(folder / "fused.onnx"))


if __name__ == "__main__":
    main()
