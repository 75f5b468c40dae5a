//! The memory of a device, through burn, wgpu and the driver, on a device whose every byte is counted.

mod embedder;
mod flight;
mod load;
mod lost;
mod replayed;

use device_suite::memory::{known_sizes, rounds};
use device_suite::present;
use device_suite::{SeededModel, Sizes};
use embed_burn::{
    Backend, BurnDevice, BurnEmbedder, DeviceSpec, EmbedErrorKind, EncoderShape, ModelFolder, TokenizedText,
};
use gpu_telemetry::{ByteCount, LeakCheck, MemoryMonitor, MemorySource, WgpuMonitor};
use semantik::batch_policy::{Analytic, Bytes, CostModel, Learned, Limits, ModelShape, Pooled};
use semantik::devices::pool;
use semantik::{AdaptiveEmbedder, ErrorKind};
use vulkan_limit::LimitedDevice;

const MIB: u64 = 1 << 20;

/// The most that wgpu's allocator takes at once, and so the most that is taken beside what was asked for.
const BLOCK: u64 = 64 * MIB;

/// Kernels' arguments, a few dozen bytes each, live until the kernel has run; all of them fit in this.
const SMALL: u64 = 4 << 10;

/// Runs `inside` on a device of 1 GiB: here it makes the device and runs the test `name` again, there it is called.
fn limited(name: &str, inside: impl FnOnce(&LimitedDevice, &BurnDevice, &WgpuMonitor)) {
    let name = format!("limited::{name}");
    let Some(limited) = LimitedDevice::of_test(&name).unwrap() else {
        if present::device(&name, Backend::Wgpu).is_some() {
            LimitedDevice::builder(1024 * MIB).build().unwrap().run_test(&name).unwrap();
        }
        return;
    };
    let device = BurnDevice::open(DeviceSpec::on(Backend::Wgpu)).unwrap();
    let handles = device.graphics().unwrap();
    let monitor = WgpuMonitor::new(&handles.adapter).unwrap().with_device(&handles.device);
    // The first kernel brings what stays: compiled code and the pools' first pages.
    drop(device.allocate(MIB).unwrap());
    device.cleanup().unwrap();
    inside(&limited, &device, &monitor);
}

fn process_used(monitor: &WgpuMonitor) -> u64 {
    monitor.sample().unwrap().process_used().unwrap().get()
}

fn in_use(device: &BurnDevice) -> u64 {
    device.pool_usage().unwrap().in_use
}

#[test]
fn what_is_allocated_is_seen_and_comes_back() {
    limited("what_is_allocated_is_seen_and_comes_back", |limited, device, monitor| {
        let reserved = || {
            let report = device.graphics().unwrap().device.generate_allocator_report();
            report.unwrap().total_reserved_bytes
        };
        let (pool_before, seen_before) = (in_use(device), process_used(monitor));
        for bytes in [3 * MIB, 16 * MIB, 100 * MIB] {
            let held = device.allocate(bytes).unwrap();
            let grown = in_use(device) - pool_before;
            assert!((bytes..bytes + SMALL).contains(&grown), "the pool's use moved by {grown}, not {bytes}");
            let seen = process_used(monitor);
            assert_eq!(seen, limited.live().unwrap(), "the monitor tells what the driver gave");
            assert_eq!(seen, reserved(), "which is what the allocator reserved");
            assert!((bytes..=bytes + 2 * BLOCK).contains(&(seen - seen_before)), "{bytes}: {seen}");
            drop(held);
            device.cleanup().unwrap();
            let left = in_use(device).saturating_sub(pool_before);
            assert!(left < SMALL, "after {bytes}, {left} bytes stay in use");
            let left = process_used(monitor).saturating_sub(seen_before);
            assert!(left <= BLOCK, "after {bytes}, {left} bytes stay, more than one empty block");
        }
        assert_eq!(monitor.sample().unwrap().source(), Some(MemorySource::VulkanBudget));
        let reports = known_sizes(device, Some(monitor), &[MIB, 64 * MIB]).unwrap();
        assert!(reports.iter().all(|report| report.faults.is_empty()), "{reports:?}");
    });
}

#[test]
fn a_neighbour_takes_from_what_is_free_and_not_from_this_process() {
    limited("a_neighbour_takes_from_what_is_free_and_not_from_this_process", |limited, _, monitor| {
        let before = monitor.sample().unwrap();
        limited.set_neighbour(300 * MIB).unwrap();
        let beside = monitor.sample().unwrap();
        assert_eq!(beside.process_used(), before.process_used());
        assert_eq!(before.free().unwrap().get() - beside.free().unwrap().get(), 300 * MIB);
        limited.set_neighbour(0).unwrap();
        assert_eq!(monitor.sample().unwrap(), before);
    });
}

#[test]
fn a_leak_is_reported_with_its_bytes() {
    limited("a_leak_is_reported_with_its_bytes", |_, device, monitor| {
        let check = LeakCheck::begin(monitor, pool(device)).unwrap();
        std::mem::forget(device.allocate(100 * MIB).unwrap());
        device.cleanup().unwrap();
        let report = check.end(monitor, pool(device)).unwrap();
        assert!(report.is_leak(), "{report}");
        let grown = report.grown.get();
        assert!((100 * MIB..=100 * MIB + 2 * BLOCK).contains(&grown), "{report}");
    });
}

#[test]
fn nothing_leaks_over_200_rounds_of_embedding() {
    limited("nothing_leaks_over_200_rounds_of_embedding", |_, device, monitor| {
        let tiny = SeededModel::new(Sizes::TINY).unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
        let embed = || model.forward(&[&[2, 4, 5, 3], &[2, 4, 3]]).unwrap();
        let first = embed();
        device.cleanup().unwrap();
        let (check, in_use_before) = (LeakCheck::begin(monitor, pool(device)).unwrap(), in_use(device));
        for _ in 0..200 {
            assert_eq!(embed(), first);
        }
        device.cleanup().unwrap();
        let report = check.end(monitor, pool(device)).unwrap();
        assert!(!report.is_leak(), "{report}");
        assert_eq!(in_use(device), in_use_before);
        // And not when models come and go, either.
        drop(model);
        let report = rounds(device, Some(monitor), 5).unwrap();
        assert!(report.faults.is_empty(), "{report:?}");
    });
}

#[test]
fn a_full_device_is_out_of_memory_and_works_again_once_something_is_given_back() {
    let name = "a_full_device_is_out_of_memory_and_works_again_once_something_is_given_back";
    limited(name, |limited, device, monitor| {
        let mut held = Vec::new();
        let error = loop {
            match device.allocate(100 * MIB) {
                Ok(allocation) => held.push(allocation),
                Err(error) => break error,
            }
            assert!(held.len() < 20, "1 GiB never ends");
        };
        assert_eq!(error.kind(), EmbedErrorKind::OutOfMemory, "{error}");
        assert!(limited.refused().unwrap() > 0 && limited.peak().unwrap() <= 1024 * MIB);
        assert!(held.len() >= 5, "{} of 10", held.len());
        assert!(monitor.sample().unwrap().headroom().unwrap() < ByteCount::new(200 * MIB));
        held.clear();
        device.cleanup().unwrap();
        drop(device.allocate(100 * MIB).unwrap());
    });
}

#[test]
fn a_text_that_memory_is_too_small_for_fails_alone_and_a_lost_device_comes_back() {
    const TOKENS: usize = 2000;
    let name = "a_text_that_memory_is_too_small_for_fails_alone_and_a_lost_device_comes_back";
    limited(name, |limited, device, _| {
        let tiny = SeededModel::new(Sizes { positions: TOKENS, max_tokens: TOKENS, ..Sizes::TINY }).unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
        let model = AdaptiveEmbedder::with_monitor(model, Limits::default(), None).unwrap();
        let text = |tokens: usize| TokenizedText { ids: vec![4; tokens], dropped: 0 };
        let short: Vec<TokenizedText> = (0..63).map(|n| text(n % 30 + 1)).collect();
        let want = model.embed_tokenized(&short, &mut |_| {}).unwrap();
        device.cleanup().unwrap();
        // The scores of 4 heads over 2,000 tokens are 64 MB, twice.
        limited.set_limit(limited.live().unwrap() + 40 * MIB).unwrap();
        for at in [0, 31, 63] {
            let counted = model.batch_counts().out_of_memory;
            let mut texts = short.clone();
            texts.insert(at, text(TOKENS));
            let refused = limited.refused().unwrap();
            let mut each = model.embed_each(&texts, &mut |_| {}).unwrap();
            let error = each.remove(at).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
            assert!(error.needed_and_free().unwrap().0 > ByteCount::new(128 * MIB), "{error}");
            assert!(limited.refused().unwrap() > refused);
            assert!(model.batch_counts().out_of_memory > counted, "{:?}", model.batch_counts());
            let got: Vec<f32> = each.into_iter().flat_map(Result::unwrap).collect();
            let off = got.iter().zip(want.rows().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= 1e-6, "the others are off by {off}");
        }
        limited.lose_device().unwrap();
        let got = model.embed_tokenized(&short, &mut |_| {}).unwrap();
        let off = got.rows().flatten().zip(want.rows().flatten()).map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f32::max) <= 1e-6, "after the device was lost");
    });
}

/// What a batch of equal texts takes of the device, beyond the weights, where the pool was cleaned before it.
fn taken(device: &BurnDevice, model: &BurnEmbedder, items: usize, tokens: usize) -> u64 {
    let text = vec![4; tokens];
    device.cleanup().unwrap();
    model.forward(&vec![&text[..]; items]).unwrap();
    let pool = device.pool_usage().unwrap();
    pool.reserved - pool.in_use
}

// The table of docs/memory.md, with `--nocapture`.
#[allow(clippy::print_stdout)]
#[test]
fn m3_what_is_predicted_bounds_the_pool_over_a_grid_of_batches() {
    limited("m3_what_is_predicted_bounds_the_pool_over_a_grid_of_batches", |_, device, _| {
        let tiny = SeededModel::new(Sizes { positions: 512, max_tokens: 512, ..Sizes::TINY }).unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
        let EncoderShape { hidden, heads, feed_forward, element_bytes, .. } = model.shape();
        let analytic = Analytic::new(ModelShape { hidden, heads, feed_forward, element_bytes }).unwrap();
        let mut pooled = Pooled::new(analytic);
        let mut learned = Pooled::new(Learned::new(analytic));
        // From small to large and back, since a pool's pages keep the size of the largest tensor.
        let up = [(1, 16), (1, 128), (8, 64), (16, 128), (8, 256), (1, 512), (64, 64), (4, 512), (64, 128)];
        let (mut over, mut seen) = (Vec::new(), Vec::new());
        for &(items, tokens) in up.iter().chain(up.iter().rev()) {
            let (predicted, close) = (pooled.peak(items, tokens).get(), learned.peak(items, tokens).get());
            let taken = taken(device, &model, items, tokens);
            println!("{items:3} × {tokens:3}: {predicted:9} predicted, {close:9} learned, {taken:9} taken");
            // What is learned bounds what was seen; of another shape it is an estimate.
            let bound = if seen.contains(&(items, tokens)) { predicted.min(close) } else { predicted };
            if taken > bound {
                over.push((items, tokens));
            }
            seen.push((items, tokens));
            pooled.ran(items, tokens);
            learned.observe(items, tokens, Bytes::new(taken));
            assert_eq!(pooled.largest_tensor(items, tokens).get(), model.largest_tensor(items, tokens));
        }
        assert!(over.is_empty(), "more was taken than predicted: {over:?}");
    });
}
