//! Threads and embedders that share a device.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use device_suite::{SeededModel, Sizes};
use semantik::batch_policy::Limits;
use semantik::embed_burn::{
    Backend, BurnDevice, BurnEmbedder, Compute, DeviceSpec, ModelFolder, TokenizedText,
};
use semantik::governor::{self, DeviceUse, Priority};
use semantik::gpu_telemetry::{ByteCount, MemorySample, ScriptedMonitor};
use semantik::{AdaptiveEmbedder, DeviceLimits};

/// Texts of many lengths, others for each `seed`.
fn texts(seed: usize, count: usize) -> Vec<TokenizedText> {
    let text = |n: usize| {
        let length = 1 + (seed * 31 + n * 17) % 46;
        let ids = (0..length).map(|at| 4 + ((seed + n * 7 + at * 3) % 16) as u32).collect();
        TokenizedText { ids, dropped: 0 }
    };
    (0..count).map(text).collect()
}

fn vectors(model: &AdaptiveEmbedder, texts: &[TokenizedText]) -> Vec<f32> {
    model.embed_tokenized(texts, &mut |_| {}).unwrap().rows().flatten().copied().collect()
}

fn off(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).map(|(got, want)| (got - want).abs()).fold(0.0, f32::max)
}

fn tiny() -> SeededModel {
    SeededModel::new(Sizes::TINY).unwrap()
}

fn load(
    model: &SeededModel,
    device: impl Into<DeviceSpec>,
    memory_limit: Option<ByteCount>,
) -> AdaptiveEmbedder {
    let limits = DeviceLimits { memory_limit, ..DeviceLimits::default() };
    AdaptiveEmbedder::load(&ModelFolder::open(model.path()).unwrap(), device.into(), &limits).unwrap()
}

/// What is seen of leases while something runs, of the models with these names alone: tests share the processor.
struct Watch {
    names: BTreeSet<String>,
    budget: u64,
    seen: AtomicUsize,
    together: AtomicUsize,
    ended: AtomicBool,
}

impl Watch {
    fn new(models: &[&SeededModel], budget: u64) -> Self {
        let name = |model: &&SeededModel| model.path().file_name().unwrap().to_string_lossy().into_owned();
        Watch {
            names: models.iter().map(name).collect(),
            budget,
            seen: AtomicUsize::new(0),
            together: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        }
    }

    fn until_the_end(&self) {
        while !self.ended.load(Ordering::SeqCst) {
            self.look();
            thread::yield_now();
        }
    }

    fn look(&self) {
        for DeviceUse { leases, .. } in governor::status() {
            let ours = leases.iter().filter(|lease| self.names.contains(&lease.model));
            let bytes: Vec<u64> = ours.map(|lease| lease.bytes.get()).collect();
            let sum: u64 = bytes.iter().sum();
            assert!(sum <= self.budget, "{sum} of {} are promised: {bytes:?}", self.budget);
            self.seen.fetch_max(usize::from(!bytes.is_empty()), Ordering::SeqCst);
            self.together.fetch_max(bytes.len(), Ordering::SeqCst);
        }
    }
}

#[test]
fn m1_thirty_two_threads_share_the_processor_within_its_budget() {
    const THREADS: usize = 32;
    let (one, other) = (tiny(), tiny());
    // Room for a few batches of a few texts.
    let scratch = load(&one, Backend::Cpu, None).model().scratch_bytes(4, 48).unwrap();
    let limit = 3 * scratch;
    let embedders: Vec<AdaptiveEmbedder> = [&one, &other, &one, &other]
        .into_iter()
        .map(|model| load(model, Backend::Cpu, Some(ByteCount::new(limit))))
        .collect();
    let free = load(&one, Backend::Cpu, None);
    let want: Vec<Vec<f32>> = (0..THREADS).map(|n| vectors(&free, &texts(n, 60))).collect();

    let watch = Watch::new(&[&one, &other], limit * 7 / 10);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| watch.until_the_end());
        let work = |n: usize| {
            let (embedder, want) = (&embedders[n % embedders.len()], &want[n]);
            move || {
                for round in 0..3 {
                    let off = off(&vectors(embedder, &texts(n, 60)), want);
                    assert!(off <= 1e-6, "thread {n}, round {round}: off by {off}");
                }
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(work(n))).collect();
        let ended: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        watch.ended.store(true, Ordering::SeqCst);
        watcher.join().unwrap();
        assert!(ended.iter().all(Result::is_ok));
    });
    assert!(watch.seen.load(Ordering::SeqCst) > 0, "no lease was ever seen");
    watch.look();
    let names: Vec<String> = governor::status()
        .into_iter()
        .flat_map(|device| device.leases)
        .map(|lease| lease.model)
        .filter(|model| watch.names.contains(model))
        .collect();
    assert!(names.is_empty(), "what ran has given its leases back: {names:?}");
}

#[test]
fn a_budget_that_shrinks_makes_later_batches_smaller_for_every_thread() {
    let model = tiny();
    let folder = ModelFolder::open(model.path()).unwrap();
    let loaded = || BurnEmbedder::load(&folder, &BurnDevice::open(Backend::Cpu.into()).unwrap()).unwrap();
    let scratch = loaded().scratch_bytes(1, 48).unwrap();
    let sample = |free: u64| {
        let (total, free) = (ByteCount::new(40 * scratch), ByteCount::new(free));
        MemorySample::builder().total(total).used(total.saturating_sub(free)).free(free).build()
    };
    // A neighbour takes more and more, until not even one text is left room for; then it gives all back.
    let script = (0..=20).map(|step| sample(40 * scratch - step * 2 * scratch)).chain([sample(40 * scratch)]);
    let monitor = Arc::new(ScriptedMonitor::new(script.collect::<Vec<_>>()));
    let embedder = AdaptiveEmbedder::with_monitor(loaded(), Limits::default(), Some(monitor)).unwrap();
    let free = load(&model, Backend::Cpu, None);
    thread::scope(|scope| {
        for n in 0..8 {
            let (embedder, free) = (&embedder, &free);
            scope.spawn(move || {
                for round in 0..5 {
                    let texts = texts(n + round, 50);
                    let off = off(&vectors(embedder, &texts), &vectors(free, &texts));
                    assert!(off <= 1e-6, "thread {n}, round {round}: off by {off}");
                }
            });
        }
    });
}

#[test]
fn ten_thousand_batches_of_any_length_lose_nothing_and_leave_memory_flat() {
    const THREADS: usize = 4;
    let model = tiny();
    let folder = ModelFolder::open(model.path()).unwrap();
    let weights = BurnEmbedder::load_bytes(&folder, Compute::default()).unwrap().weights;
    let limit = weights * 3 / 2;
    let embedder = load(&model, Backend::Cpu, Some(ByteCount::new(limit)));
    let budget = limit * 7 / 10;
    let free = load(&model, Backend::Cpu, None);
    // Short ones, bursts of long ones, and one giant among many that are tiny.
    let text =
        |length: usize| TokenizedText { ids: (0..length).map(|at| 4 + at as u32 % 16).collect(), dropped: 0 };
    let kinds: [Vec<TokenizedText>; 4] = [
        (0..40).map(|n| text(1 + n % 48)).collect(),
        (0..12).map(|_| text(48)).collect(),
        (0..30).map(|n| text(if n == 17 { 48 } else { 1 })).collect(),
        vec![text(7)],
    ];
    let want: Vec<Vec<f32>> = kinds.iter().map(|texts| vectors(&free, texts)).collect();
    let (batches, over) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let alone = embedder.model().scratch_bytes(1, 48).unwrap();
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (embedder, kinds, want, batches, over) = (&embedder, &kinds, &want, &batches, &over);
            scope.spawn(move || {
                for round in n.. {
                    if batches.load(Ordering::SeqCst) >= 10_000 {
                        break;
                    }
                    let kind = round % kinds.len();
                    let count = &mut |_| {
                        batches.fetch_add(1, Ordering::SeqCst);
                    };
                    let got = embedder.embed_tokenized(&kinds[kind], count).unwrap();
                    let got: Vec<f32> = got.rows().flatten().copied().collect();
                    assert!(off(&got, &want[kind]) <= 1e-6, "round {round}");
                    // What is kept from batch to batch is what one of them took.
                    let kept = embedder.model().kept_scratch_bytes();
                    over.fetch_add(usize::from(kept > budget.max(alone)), Ordering::SeqCst);
                }
            });
        }
    });
    assert!(batches.load(Ordering::SeqCst) >= 10_000);
    assert_eq!(over.load(Ordering::SeqCst), 0, "memory beyond {budget} bytes was kept");
}

#[test]
fn all_of_rayons_threads_may_embed_at_once() {
    use semantik::chunk_strategies::Embedder;

    const CALLS: usize = 64;

    let model = tiny();
    let embedder = load(&model, Backend::Cpu, None);
    let inside = AtomicUsize::new(0);
    rayon::scope(|scope| {
        for _ in 0..CALLS {
            scope.spawn(|_| {
                let dim = embedder.embed(&["fox", "the quick foxes are lazy"]).unwrap().dim();
                inside.fetch_add(dim, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(inside.load(Ordering::SeqCst), CALLS * embedder.dim());
}

#[test]
fn what_is_seen_of_a_device_names_its_models_and_forgets_those_that_are_gone() {
    let model = tiny();
    let name = model.path().file_name().unwrap().to_string_lossy().into_owned();
    let embedder = load(&model, Backend::Cpu, None).with_priority(Priority::High);
    vectors(&embedder, &texts(0, 3));
    let seen = embedder.device_use();
    assert!(seen.models.iter().any(|model| model.name == name), "{seen:?}");
    assert!(seen.budget.is_some_and(|budget| budget > ByteCount::ZERO), "{seen:?}");
    assert!(governor::status().iter().any(|device| device.name == seen.name));
    drop(embedder);
    let after = governor::status();
    assert!(after.iter().all(|device| device.models.iter().all(|model| model.name != name)), "{after:?}");
}

#[cfg(feature = "wgpu")]
mod graphics {
    use device_suite::present::device;

    use super::*;

    #[test]
    fn m1_four_threads_and_two_models_share_a_gpu() {
        let name = "m1_four_threads_and_two_models_share_a_gpu";
        if device(name, Backend::Wgpu).is_none() {
            return;
        }
        let _alone = crate::flight::alone_on_the_gpu();
        let (one, other) = (tiny(), tiny());
        let want = {
            let alone = load(&one, Backend::Wgpu, None);
            [0, 1, 2, 3].map(|n| vectors(&alone, &texts(n, 24)))
        };
        // Less than two batches of 24 texts together.
        let limit = 30 << 20;
        let embedders = [&one, &other].map(|model| load(model, Backend::Wgpu, Some(ByteCount::new(limit))));
        let watch = Watch::new(&[&one, &other], limit * 7 / 10);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| watch.until_the_end());
            let work = |n: usize| {
                let (embedder, want) = (&embedders[n % 2], &want[n]);
                move || {
                    for round in 0..3 {
                        let off = off(&vectors(embedder, &texts(n, 24)), want);
                        assert!(off <= 1e-6, "thread {n}, round {round}: off by {off}");
                    }
                }
            };
            let threads: Vec<_> = (0..4).map(|n| scope.spawn(work(n))).collect();
            let ended: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
            watch.ended.store(true, Ordering::SeqCst);
            watcher.join().unwrap();
            assert!(ended.iter().all(Result::is_ok));
        });
        assert!(watch.seen.load(Ordering::SeqCst) > 0, "no lease was ever seen");
        // One thread worked for all: there is one pool, and it is empty once the models are gone.
        let device = embedders[0].device_use().name;
        drop(embedders);
        assert!(governor::status().iter().all(|other| other.name != device), "somebody is still there");
    }
}
