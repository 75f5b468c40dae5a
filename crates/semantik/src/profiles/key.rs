//! [`ProfileKey`]: what time and memory depend on.

use embed_burn::{BurnEmbedder, Compute, ModelFolder, Precision};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::devices::{self, Surveyed};

/// Everything that the time and the memory of a batch depend on besides its texts. The values of the weights are not among it:
/// models of equal dimensions, such as one and what it was trained further to, run alike, and nothing has to be read of the
/// weights to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileKey {
    /// The length of a token's vector.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// The width of the feed-forward part.
    pub feed_forward: usize,
    /// How many numbers the weights are.
    pub parameters: u64,
    /// The most tokens of a text that are read.
    pub max_tokens: usize,
    /// The type of numbers.
    pub dtype: String,
    /// How attention is computed.
    pub attention: String,
    /// The backend.
    pub backend: String,
    /// The device's name.
    pub device: String,
    /// The version of its driver, where that is told.
    pub driver: Option<String>,
    /// The versions of the framework and of this program: other kernels take another time and other memory.
    pub framework: String,
}

impl ProfileKey {
    /// Of a model that is loaded on its device.
    pub(crate) fn of(model: &BurnEmbedder, folder: &ModelFolder) -> Self {
        let (shape, compute, device) = (model.shape(), model.compute(), model.device());
        ProfileKey {
            hidden: shape.hidden,
            layers: shape.layers,
            heads: shape.heads,
            feed_forward: shape.feed_forward,
            parameters: folder.parameters(),
            max_tokens: model.max_tokens(),
            dtype: compute.precision.to_string(),
            attention: compute.attention.to_string(),
            backend: device.backend().to_string(),
            device: device.name().to_owned(),
            driver: devices::driver_of(device),
            framework: framework(),
        }
    }

    /// Of a model as it would be loaded on a device that is there.
    pub(crate) fn planned(folder: &ModelFolder, device: &Surveyed, precision: Precision) -> Self {
        let (shape, compute) = (folder.shape(), Compute { precision, ..Compute::default() });
        ProfileKey {
            hidden: shape.hidden,
            layers: shape.layers,
            heads: shape.heads,
            feed_forward: shape.feed_forward,
            parameters: folder.parameters(),
            max_tokens: folder.max_tokens(),
            dtype: compute.precision.to_string(),
            attention: compute.attention.to_string(),
            backend: device.info.backend.to_string(),
            device: device.name.clone(),
            driver: device.driver.clone(),
            framework: framework(),
        }
    }

    /// The name of its file, without an ending.
    pub(super) fn file_name(&self) -> String {
        // A struct of texts and numbers always has a form in JSON.
        let text = serde_json::to_string(self).unwrap_or_default();
        let hash = format!("{:x}", Sha256::digest(text));
        format!("{}-{}", self.backend, &hash[..16])
    }
}

/// The versions of the framework and of this program. A build for debugging is another program: it takes another time.
fn framework() -> String {
    let debug = if cfg!(debug_assertions) { ", debug" } else { "" };
    format!("{}, semantik {}{debug}", embed_burn::FRAMEWORK, env!("CARGO_PKG_VERSION"))
}
