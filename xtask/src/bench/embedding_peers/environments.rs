//! The Python packages of the other programs.

use crate::python::{Environment, REFERENCE};

/// onnxruntime, `OpenVINO` and what their models are made with, over torch and sentence-transformers.
pub(super) const PEERS: Environment = Environment {
    name: "peers-python",
    requirements: include_str!("requirements.txt"),
    size: "onnxruntime and OpenVINO (0.2 GB, once)",
    over: Some(&REFERENCE),
};

/// fastembed: of its own, since it needs an older client of model hubs than sentence-transformers.
pub(super) const FASTEMBED: Environment = Environment {
    name: "fastembed-python",
    requirements: include_str!("fastembed.txt"),
    size: "fastembed (0.1 GB, once)",
    over: None,
};
