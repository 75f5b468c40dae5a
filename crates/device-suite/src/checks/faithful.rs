//! E1 and E2: vectors are the oracle's, whatever else is in the batch.

use embed_burn::BurnDevice;

use super::{TEXTS, embed, furthest, load};
use crate::check::Verdict;
use crate::fault::{Fault, ensure};
use crate::oracle;
use crate::references::Tolerance;
use crate::seeded::{SeededModel, Sizes};

/// E1: mean pooling, GELU, normalised.
pub fn e1_faithful_to_the_oracle(device: &BurnDevice) -> Result<Verdict, Fault> {
    faithful(&SeededModel::new(Sizes::TINY)?, device, |model, ids| {
        oracle::vector(model, ids, true, true, oracle::gelu)
    })
}

/// E1: the first token's vector as it is, `ReLU`.
pub fn e1_faithful_without_normalisation_with_cls_and_relu(device: &BurnDevice) -> Result<Verdict, Fault> {
    faithful(&SeededModel::with(Sizes::TINY, "cls_token", false, "relu")?, device, |model, ids| {
        oracle::vector(model, ids, false, false, |x| x.max(0.0))
    })
}

/// E2: a text's vector does not depend on its neighbours in the batch.
pub fn e2_batch_invariant(device: &BurnDevice) -> Result<Verdict, Fault> {
    let tiny = SeededModel::new(Sizes::TINY)?;
    let model = load(&tiny, device)?;
    let rows = TEXTS.iter().map(|text| Ok(model.tokenize(text)?.ids)).collect::<Result<Vec<_>, Fault>>()?;
    let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
    let together = model.forward(&rows)?;
    for (row, vector) in rows.iter().zip(together.rows()) {
        let off = furthest(&model.forward(&[row])?.into_inner(), vector);
        ensure!(off <= 1e-6, "{} tokens differ by {off} on {}", row.len(), device.name());
    }
    Ok(Verdict::Held)
}

fn faithful(
    seeded: &SeededModel,
    device: &BurnDevice,
    want: impl Fn(&SeededModel, &[u32]) -> Result<Vec<f64>, Fault>,
) -> Result<Verdict, Fault> {
    let model = load(seeded, device)?;
    let vectors = embed(&model, &TEXTS)?;
    let tolerance = Tolerance::e1(device);
    for (text, vector) in TEXTS.iter().zip(vectors.rows()) {
        let want = want(seeded, &model.tokenize(text)?.ids)?;
        let off = tolerance.deviation(vector, &want);
        ensure!(tolerance.allows(off), "{text:?} is off by {off} on {}", device.name());
    }
    Ok(Verdict::Held)
}
