//! What an embedder predicts after a replay, against what its device takes.

use batch_policy::{CostModel, Limits};
use chunk_strategies::Vectors;
use device_suite::present::device;
use device_suite::{SeededModel, Sizes};
use embed_burn::{Backend, BurnDevice, BurnEmbedder, ModelFolder, TokenizedText};

use super::super::predicted::Predicted;
use super::*;
use crate::governor::{Device, Tenant};
use crate::profiles::Profiles;

const MIB: u64 = 1 << 20;

/// As [`AdaptiveEmbedder::load`] has it, with profiles in a folder of the test's own.
fn load(model: &SeededModel, device: &BurnDevice, profiles: &Profiles) -> AdaptiveEmbedder {
    let folder = ModelFolder::open(model.path()).unwrap();
    let (read, burn) = (folder.clone(), device.clone());
    let shared = Device::of(device).unwrap();
    let loaded = shared.run(move || BurnEmbedder::load(&read, &burn)).unwrap();
    let tenant = Tenant::new(loaded, "tiny", shared);
    let embedder = AdaptiveEmbedder::of_tenant(tenant, Limits::default(), None).unwrap();
    embedder.remembering_in(profiles.clone(), &folder)
}

fn predicted(model: &AdaptiveEmbedder, (items, tokens): (usize, usize)) -> u64 {
    model.with_state(|state| Predicted::of(model.model(), state).peak(items, tokens)).get()
}

/// What a batch takes from a clean pool, the most of three runs, half of its rows padded.
fn taken(model: &AdaptiveEmbedder, (items, tokens): (usize, usize)) -> u64 {
    let lease = model.lease(1, Bytes::new(1), Bytes::new(1), &|| false).unwrap();
    let run = move |model: &BurnEmbedder| {
        let whole = vec![4; tokens];
        let row = |row: usize| if row % 2 == 1 { &whole[..=tokens / 2] } else { &whole[..] };
        let rows: Vec<&[u32]> = (0..items).map(row).collect();
        let once = || {
            model.device().cleanup().unwrap();
            let before = model.device().pool_usage().unwrap().reserved;
            model.forward_each(&rows, tokens).unwrap();
            model.device().pool_usage().unwrap().reserved - before
        };
        [once(), once(), once()].into_iter().fold(0, u64::max)
    };
    model.tenant.run_batch(&lease, run).0
}

fn vectors(model: &AdaptiveEmbedder) -> Vectors {
    let text =
        |n: usize| TokenizedText { ids: (0..=n % 48).map(|at| 4 + at as u32 % 16).collect(), dropped: 0 };
    model.embed_tokenized(&(0..60).map(text).collect::<Vec<_>>(), &mut |_| {}).unwrap()
}

fn off(got: &Vectors, want: &Vectors) -> f32 {
    assert_eq!(got.len(), want.len());
    got.rows().flatten().zip(want.rows().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Shapes of which more is taken than predicted, or less than nine tenths, and 2 MiB less.
fn wrong(model: &AdaptiveEmbedder, shapes: &[(usize, usize)]) -> Vec<((usize, usize), u64, u64)> {
    let both = shapes.iter().map(|&shape| (shape, predicted(model, shape), taken(model, shape)));
    both.filter(|&(_, told, real)| told < real || told > (real + real / 10).max(real + 2 * MIB)).collect()
}

fn pages(model: &AdaptiveEmbedder) -> Option<Pages> {
    let generation = model.model().device().generation();
    model.with_state(|state| state.pages(generation))
}

#[test]
fn m3_what_is_predicted_after_a_replay_bounds_the_pool_and_a_later_run_knows_it() {
    let name = "m3_what_is_predicted_after_a_replay_bounds_the_pool_and_a_later_run_knows_it";
    let Some(device) = device(name, Backend::Wgpu) else { return };
    let (tiny, place) = (SeededModel::new(Sizes::TINY).unwrap(), tempfile::tempdir().unwrap());
    let profiles = Profiles::at(place.path());
    let first = load(&tiny, &device, &profiles);
    let want = vectors(&first);

    let done = first.replay().unwrap().expect("something to replay");
    let grid = Grid::new(done.tokens, first.model().max_tokens());
    let shapes: Vec<(usize, usize)> = grid.rows().flatten().collect();
    assert_eq!(done.shapes, shapes.len());
    assert_eq!(wrong(&first, &shapes), [], "shape, told, taken");
    assert!(off(&vectors(&first), &want) <= 1e-6);
    assert_eq!(first.replay().unwrap(), None, "there is nothing more to learn");
    assert_eq!(first.take_problems(), Vec::<String>::new());
    let made = pages(&first).unwrap();
    let budget = first.read().unwrap();
    assert_eq!(first.within_pages(budget).largest_tensor, Some(made.tensor), "pages do not grow");
    let told: Vec<u64> = shapes.iter().map(|&shape| predicted(&first, shape)).collect();
    drop(first);

    let second = load(&tiny, &device, &profiles);
    let table = second.with_state(|state| state.cost.table().cloned()).expect("it was kept");
    assert_eq!(pages(&second), None, "nobody asked for dry runs");
    assert!(shapes.iter().zip(&told).all(|(&shape, &told)| predicted(&second, shape) >= told));
    assert_eq!(second.replay().unwrap(), None, "the table is there");
    assert_eq!(pages(&second).map(|pages| pages.tensor), Some(made.tensor));
    assert_eq!(second.with_state(|state| state.cost.table().cloned()), Some(table));
    assert_eq!(wrong(&second, &[shapes[0], shapes[shapes.len() / 2], shapes[shapes.len() - 1]]), []);
    assert!(off(&vectors(&second), &want) <= 1e-6);

    // A device that is opened anew has no pages: they are made as before, without a replay.
    second.with_state(|state| state.pages = Some(Pages { generation: u64::MAX, ..made }));
    assert_eq!(pages(&second), None);
    assert!(off(&vectors(&second), &want) <= 1e-6);
    assert_eq!(pages(&second).map(|pages| pages.tensor), Some(made.tensor));
}
