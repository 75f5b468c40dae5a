//! E3: one vector a text, in order, and nothing silently left out or taken in.

use chunk_strategies::Embedder;
use embed_burn::{BurnDevice, EmbedError, EmbedErrorKind};

use super::{embed, furthest, load};
use crate::check::Verdict;
use crate::fault::{Fault, ensure};
use crate::seeded::{SeededModel, Sizes};

const MAX_TOKENS: usize = Sizes::TINY.max_tokens;

/// E3: texts of many lengths come back in their order, whatever order they ran in.
pub fn e3_ordered_and_complete(device: &BurnDevice) -> Result<Verdict, Fault> {
    let tiny = SeededModel::new(Sizes::TINY)?;
    let model = load(&tiny, device)?;
    let texts: Vec<String> = (0..60).map(|n| "the fox ".repeat(n % 17) + "a dog").collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let forth = embed(&model, &texts)?;
    let shape = (forth.len(), forth.dim());
    ensure!(shape == (texts.len(), Sizes::TINY.hidden), "{} texts gave {shape:?}", texts.len());
    let back = embed(&model, &texts.iter().rev().copied().collect::<Vec<_>>())?;
    let back: Vec<&[f32]> = back.rows().collect();
    for (index, (a, b)) in forth.rows().zip(back.into_iter().rev()).enumerate() {
        let off = furthest(a, b);
        ensure!(off <= 1e-6, "text {index} differs by {off} on {}", device.name());
    }
    ensure!(embed(&model, &[])?.is_empty(), "no texts gave vectors");
    Ok(Verdict::Held)
}

/// E3: what of a text is beyond the model's limit is counted, and its end is still a special token.
pub fn e3_what_is_cut_is_counted(device: &BurnDevice) -> Result<Verdict, Fault> {
    let tiny = SeededModel::new(Sizes::TINY)?;
    let model = load(&tiny, device)?;
    // Two are the special tokens.
    let fits = "fox ".repeat(MAX_TOKENS - 2);
    let over = "fox ".repeat(MAX_TOKENS + 5);
    let (whole, cut) = (model.tokenize(&fits)?, model.tokenize(&over)?);
    ensure!(whole.dropped == 0, "{} tokens of a text that fits were left out", whole.dropped);
    let counted = (cut.ids.len(), cut.dropped);
    ensure!(counted == (MAX_TOKENS, 7), "tokens kept and left out are {counted:?}");
    ensure!(cut.ids == whole.ids, "the end of a cut text is no special token");
    ensure!(model.fits(&fits) && !model.fits(&over), "what fits is told wrongly");
    let vectors = model.forward(&[&cut.ids])?.len();
    ensure!(vectors == 1, "one text gave {vectors} vectors");
    Ok(Verdict::Held)
}

/// E3: batches that are queued before the one before has come back have the vectors that they have alone, in whatever order these
/// are fetched, and one that nobody fetches harms nobody.
pub fn batches_in_flight_have_their_own_vectors(device: &BurnDevice) -> Result<Verdict, Fault> {
    let tiny = SeededModel::new(Sizes::TINY)?;
    let model = load(&tiny, device)?;
    let batches: Vec<Vec<Vec<u32>>> = (0..6)
        .map(|batch| {
            (0..=batch).map(|row| (0..=row + batch).map(|at| 4 + (at * 7 + batch) % 16).collect()).collect()
        })
        .collect();
    let batches: Vec<Vec<&[u32]>> =
        batches.iter().map(|batch| batch.iter().map(Vec::as_slice).collect()).collect();
    let want = batches.iter().map(|batch| Ok(model.forward(batch)?)).collect::<Result<Vec<_>, Fault>>()?;
    for backwards in [false, true] {
        drop(model.queue_each(&batches[5], 0)?);
        let queued = batches.iter().map(|batch| model.queue_each(batch, 0));
        let mut queued = queued.enumerate().collect::<Vec<_>>();
        if backwards {
            queued.reverse();
        }
        for (batch, queued) in queued {
            let queued = queued?.wait();
            ensure!(queued.is_done(), "batch {batch} was waited for and is not done");
            let got = queued.finish()?;
            ensure!(got.len() == want[batch].len(), "batch {batch} has {} vectors", got.len());
            for (row, (got, want)) in got.into_iter().zip(want[batch].rows()).enumerate() {
                let off = furthest(&got?, want);
                ensure!(off <= 1e-6, "row {row} of batch {batch} is off by {off} on {}", device.name());
            }
        }
    }
    Ok(Verdict::Held)
}

/// Rows that are empty, too long or have an unknown id are errors that name the row, and harm nothing.
pub fn rows_that_the_model_cannot_read_are_refused(device: &BurnDevice) -> Result<Verdict, Fault> {
    let tiny = SeededModel::new(Sizes::TINY)?;
    let model = load(&tiny, device)?;
    let long = [4; MAX_TOKENS + 1];
    let unknown = [2, SeededModel::VOCABULARY as u32, 3];
    let (input, token) = (EmbedErrorKind::Input, EmbedErrorKind::UnknownToken);
    for (row, kind) in [(&[][..], input), (&unknown[..], token), (&[u32::MAX][..], token), (&long[..], input)]
    {
        match model.forward(&[&[2, 3], row]) {
            Ok(_) => return Err(Fault::new(format!("a row of {} tokens was taken", row.len()))),
            Err(error) => {
                let told = error.kind() == kind && error.text() == Some(1);
                ensure!(told, "a row of {} tokens is not {kind:?} of text 1 but: {error}", row.len());
            }
        }
        let each = model.forward_each(&[&[2, 3], row, &[2, 4, 3]], 0)?;
        let kinds: Vec<_> = each.iter().map(|row| row.as_ref().map_err(EmbedError::kind).err()).collect();
        ensure!(kinds == [None, Some(kind), None], "a row of {} tokens gives {kinds:?}", row.len());
    }
    let vectors = model.forward(&[&[2, 4, 3]])?.len();
    ensure!(vectors == 1, "after it, one text gave {vectors} vectors");
    Ok(Verdict::Held)
}

/// A row whose vector is not finite is told, and its neighbours' vectors are what they are without it: the others of the
/// batch, whether shorter or longer, and the batches after it.
pub fn a_row_that_is_not_finite_costs_only_itself(device: &BurnDevice) -> Result<Verdict, Fault> {
    const BAD: u32 = 7;
    let mut tiny = SeededModel::new(Sizes::TINY)?;
    let hidden = Sizes::TINY.hidden;
    tiny.tensors[0].values[BAD as usize * hidden + 3] = f32::NAN;
    // Nor is the vector of the token that most tokenizers pad with any text's business but its own.
    tiny.tensors[0].values[..hidden].fill(f32::INFINITY);
    tiny.save_weights()?;
    let model = load(&tiny, device)?;
    let good: Vec<Vec<u32>> = (1..24).map(|n| (0..n).map(|at| 8 + (n * 7 + at) % 16).collect()).collect();
    let good: Vec<&[u32]> = good.iter().map(Vec::as_slice).collect();
    let want = model.forward(&good)?;
    let long = [&[4; 30][..], &[BAD], &[5; 10]].concat();
    for bad in [&[BAD][..], &[2, BAD, 3], &[0], &long] {
        for at in [0, 11, good.len()] {
            let mut rows = good.clone();
            rows.insert(at, bad);
            let mut each = model.forward_each(&rows, at)?;
            let told = each.remove(at).err().map(|error| error.kind());
            ensure!(told == Some(EmbedErrorKind::NotFinite), "{bad:?} at {at} gives {told:?}");
            for (index, (got, want)) in each.into_iter().zip(want.rows()).enumerate() {
                let off = furthest(&got?, want);
                ensure!(off <= 1e-6, "beside {bad:?} at {at}, text {index} differs by {off}");
            }
        }
    }
    let off = furthest(&model.forward(&good)?.into_inner(), &want.into_inner());
    ensure!(off <= 1e-6, "after it, vectors differ by {off}");
    Ok(Verdict::Held)
}

/// A batch with a tensor over the device's limit is an error with both numbers, before anything runs.
pub fn a_batch_over_the_largest_tensor_never_fits(device: &BurnDevice) -> Result<Verdict, Fault> {
    let Some(cap) = device.largest_tensor() else {
        return Ok(Verdict::NotApplicable("the device limits no tensor".to_owned()));
    };
    let tiny = SeededModel::new(Sizes::TINY)?;
    let model = load(&tiny, device)?;
    let row = [4; MAX_TOKENS];
    let items = usize::try_from(cap / model.largest_tensor(1, MAX_TOKENS)).unwrap_or(usize::MAX);
    if items >= 1 << 20 {
        return Ok(Verdict::NotApplicable(format!("a batch over {cap} bytes takes too many texts to try")));
    }
    match model.forward(&vec![&row[..]; items + 1]) {
        Ok(_) => Err(Fault::new(format!("a batch over {cap} bytes ran"))),
        Err(error) => {
            let numbers = error.needed_and_cap().filter(|&(needed, limit)| needed > limit && limit == cap);
            let told = error.kind() == EmbedErrorKind::NeverFits && numbers.is_some();
            ensure!(told, "a batch over {cap} bytes gives: {error}");
            Ok(Verdict::Held)
        }
    }
}
