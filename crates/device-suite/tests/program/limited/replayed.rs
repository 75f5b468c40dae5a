//! What is replayed against what a device takes.

use device_suite::{SeededModel, Sizes};
use embed_burn::{BurnDevice, BurnEmbedder, ModelFolder};

use super::{MIB, limited};

const GRID: [(usize, usize); 12] = [
    (1, 16),
    (8, 16),
    (64, 16),
    (1, 128),
    (8, 64),
    (16, 128),
    (7, 77),
    (64, 64),
    (1, 512),
    (4, 512),
    (64, 128),
    (16, 256),
];

/// What a batch takes from a clean pool, the most of five runs: with rows that are padded, and without.
fn taken(device: &BurnDevice, model: &BurnEmbedder, (items, tokens): (usize, usize), padded: bool) -> u64 {
    let whole = vec![4; tokens];
    let rows: Vec<&[u32]> =
        (0..items).map(|row| if padded && row > 0 { &whole[..=tokens / 2] } else { &whole[..] }).collect();
    let mut most = 0;
    for _ in 0..5 {
        device.cleanup().unwrap();
        let before = device.pool_usage().unwrap().reserved;
        model.forward_each(&rows, tokens).unwrap();
        most = most.max(device.pool_usage().unwrap().reserved - before);
    }
    most
}

// The table of docs/memory.md, with `--nocapture`.
#[allow(clippy::print_stderr)]
#[test]
fn m3_what_is_replayed_bounds_the_pool_and_is_close_to_it() {
    limited("replayed::m3_what_is_replayed_bounds_the_pool_and_is_close_to_it", |_, device, _| {
        let tiny = SeededModel::new(Sizes { positions: 512, max_tokens: 512, ..Sizes::TINY }).unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
        let before = device.pool_usage().unwrap();
        let table = model.replay_table(&GRID).unwrap().unwrap();
        assert_eq!(device.pool_usage().unwrap(), before, "a dry run leaves something behind");
        let shapes: Vec<(usize, usize)> = table.iter().map(|row| (row.items, row.tokens)).collect();
        assert_eq!(shapes, GRID);
        let mut wrong = Vec::new();
        for row in &table {
            let shape = (row.items, row.tokens);
            let real = taken(device, &model, shape, false).max(taken(device, &model, shape, true));
            let ratio = row.bytes as f64 / real as f64;
            eprintln!(
                "{:3} × {:3}: {:9} replayed, {real:9} taken, {ratio:.3}",
                row.items, row.tokens, row.bytes
            );
            if row.bytes < real || row.bytes > (real + real / 10).max(real + 2 * MIB) {
                wrong.push((shape, row.bytes, real));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
        // Again, in a process that has seen everything: the same.
        assert_eq!(model.replay_table(&GRID).unwrap().unwrap(), table);
    });
}

#[test]
fn a_table_holds_in_another_process_once_pages_have_their_size() {
    let name = "replayed::a_table_holds_in_another_process_once_pages_have_their_size";
    limited(name, |_, device, _| {
        let tiny = SeededModel::new(Sizes { positions: 512, max_tokens: 512, ..Sizes::TINY }).unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
        // As a process that has the table from elsewhere: pages first, then small before large.
        model.settle_pages(4, 512).unwrap();
        let real = taken(device, &model, (8, 16), true);
        let large = taken(device, &model, (4, 512), true);
        let table = model.replay_table(&[(8, 16), (4, 512)]).unwrap().unwrap();
        for (row, real) in table.iter().zip([real, large]) {
            assert!(
                row.bytes >= real && row.bytes <= (real + real / 10).max(real + 2 * MIB),
                "{row:?}: {real}"
            );
        }
    });
}

#[test]
fn a_replay_takes_no_memory_and_no_work_from_others() {
    limited("replayed::a_replay_takes_no_memory_and_no_work_from_others", |limited, device, _| {
        let tiny = SeededModel::new(Sizes { positions: 512, max_tokens: 512, ..Sizes::TINY }).unwrap();
        let folder = ModelFolder::open(tiny.path()).unwrap();
        let model = BurnEmbedder::load(&folder, device).unwrap();
        let other = BurnEmbedder::load(&folder, device).unwrap();
        let batch = [&[2, 4, 5, 3][..], &[2, 4, 3]];
        let want = other.forward(&batch).unwrap();
        model.replay_table(&[(256, 128)]).unwrap();
        device.cleanup().unwrap();
        // A batch that would take far more than there is: scores of 64 MiB, and copies of them.
        let live = limited.live().unwrap();
        limited.set_limit(live + 100 * MIB).unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let table = model.replay_table(&[(256, 128), (16, 512)]).unwrap().unwrap();
                done.store(true, std::sync::atomic::Ordering::SeqCst);
                assert!(table.iter().all(|row| row.bytes > 130 * MIB), "{table:?}");
            });
            // Meanwhile the other's work is done, and not dropped: what a kernel did not write would be another number.
            let mut runs = 0;
            while runs < 20 || !done.load(std::sync::atomic::Ordering::SeqCst) {
                assert_eq!(other.forward(&batch).unwrap(), want);
                runs += 1;
            }
        });
        assert_eq!(limited.refused().unwrap() + limited.refused_uploads().unwrap(), 0);
    });
}

#[test]
fn shapes_that_never_fit_are_left_out_and_wrong_ones_are_told() {
    limited("replayed::shapes_that_never_fit_are_left_out_and_wrong_ones_are_told", |_, device, _| {
        let tiny = SeededModel::new(Sizes::TINY).unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
        let over =
            usize::try_from(device.largest_tensor().unwrap() / model.largest_tensor(1, 48)).unwrap() + 1;
        let table = model.replay_table(&[(over, 48), (1, 8)]).unwrap().unwrap();
        assert_eq!(table.iter().map(|row| (row.items, row.tokens)).collect::<Vec<_>>(), [(1, 8)]);
        assert_eq!(model.replay_table(&[]).unwrap(), Some(Vec::new()));
        assert!(model.replay_table(&[(1, 49)]).is_err() && model.replay_table(&[(1, 0)]).is_err());
        assert!(model.settle_pages(over, 48).is_err());
    });
}
