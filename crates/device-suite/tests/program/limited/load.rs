//! What a load takes, and what becomes of one that has no memory.

use device_suite::{SeededModel, Sizes};
use embed_burn::{BurnEmbedder, Compute, EmbedErrorKind, ModelFolder, Precision};

use super::{MIB, limited};

/// A table of 32 MB, as a vocabulary is, and 10 MB in matrices of up to 4 MB: larger than what allocators take at once.
const LARGE: Sizes =
    Sizes { hidden: 512, heads: 8, layers: 1, wide: 2048, positions: 16_384, max_tokens: 48 };

/// What wgpu's allocator may hold besides what was asked of it: blocks of memory that the host sees grow to 32 MiB, and
/// those of a device of its own to 64 MiB.
const BLOCKS: u64 = 32 * MIB;

fn forward(model: &BurnEmbedder) -> Vec<f32> {
    model.forward(&[&[2, 4, 5, 3], &[2, 4, 3]]).unwrap().into_inner()
}

// The figures of docs/memory.md, with `--nocapture`.
#[allow(clippy::print_stderr)]
#[test]
fn a_load_takes_what_was_told_and_no_more() {
    limited("load::a_load_takes_what_was_told_and_no_more", |limited, device, _| {
        let large = SeededModel::new(LARGE).unwrap();
        let folder = ModelFolder::open(large.path()).unwrap();
        for precision in [Precision::F32, Precision::F16] {
            let compute = Compute { precision, ..Compute::default() };
            let told = BurnEmbedder::load_bytes(&folder, compute).unwrap();
            device.cleanup().unwrap();
            let (before, pool) = (limited.live().unwrap(), device.pool_usage().unwrap());
            limited.set_limit(before + told.peak + BLOCKS).unwrap();
            let model = match BurnEmbedder::load_as(&folder, device, compute) {
                Ok(model) => model,
                // A software GPU need not know the numbers.
                Err(error) if precision != Precision::F32 && error.kind() == EmbedErrorKind::Backend => {
                    eprintln!("{precision}: {error}");
                    continue;
                }
                Err(error) => panic!("{precision}: {error}"),
            };
            assert_eq!(limited.refused().unwrap() + limited.refused_uploads().unwrap(), 0);
            let taken = device.pool_usage().unwrap().in_use - pool.in_use;
            eprintln!(
                "{precision}: {} told for the weights, {taken} taken; {} told at most, {} at most, {} after",
                told.weights,
                told.peak,
                limited.peak().unwrap() - before,
                limited.live().unwrap() - before,
            );
            assert!(taken <= told.weights, "{taken} taken, {} told", told.weights);
            assert!(told.weights <= taken + taken / 50, "{taken} taken, {} told", told.weights);
            drop(model);
        }
    });
}

#[test]
fn a_load_that_has_no_room_is_refused_before_it_begins() {
    limited("load::a_load_that_has_no_room_is_refused_before_it_begins", |limited, device, _| {
        let large = SeededModel::new(LARGE).unwrap();
        let folder = ModelFolder::open(large.path()).unwrap();
        let compute = Compute::default();
        let told = BurnEmbedder::load_bytes(&folder, compute).unwrap();
        let needed = told.peak + if device.is_host_memory() { told.host } else { 0 };
        let (allocated, pool) = (limited.allocated().unwrap(), device.pool_usage());
        let error = BurnEmbedder::load_within(&folder, device, compute, needed - 1).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::OutOfMemory, "{error}");
        assert_eq!((error.needed_bytes(), error.free_bytes()), (Some(needed), Some(needed - 1)));
        let text = error.to_string();
        assert!(text.contains(&needed.to_string()) && text.contains(&(needed - 1).to_string()), "{text}");
        assert_eq!((limited.allocated().unwrap(), device.pool_usage()), (allocated, pool), "it began");
        assert!(BurnEmbedder::load_within(&folder, device, compute, needed).is_ok());
    });
}

#[test]
fn a_load_whose_memory_is_refused_is_done_again_or_says_what_it_needs() {
    let name = "load::a_load_whose_memory_is_refused_is_done_again_or_says_what_it_needs";
    limited(name, |limited, device, _| {
        let large = SeededModel::new(LARGE).unwrap();
        let folder = ModelFolder::open(large.path()).unwrap();
        let want = forward(&BurnEmbedder::load(&folder, device).unwrap());
        let needed = BurnEmbedder::load_bytes(&folder, Compute::default()).unwrap().peak;
        // An upload is refused: that loses the device, and the load is done on a new one.
        let before = device.generation();
        limited.fail_next_upload().unwrap();
        assert_eq!(forward(&BurnEmbedder::load(&folder, device).unwrap()), want);
        assert_eq!((device.generation(), limited.refused_uploads().unwrap()), (before + 1, 1));
        // And what the new device begins with, or its first upload: there is no room, and a later load finds some.
        for refused in 2..4 {
            (0..refused).for_each(|_| limited.fail_next_upload().unwrap());
            let error = BurnEmbedder::load(&folder, device).unwrap_err();
            let told = (error.kind(), error.needed_bytes());
            assert_eq!(told, (EmbedErrorKind::OutOfMemory, Some(needed)), "{error}");
            let model = (0..3).find_map(|_| BurnEmbedder::load(&folder, device).ok());
            assert_eq!(forward(&model.unwrap()), want);
        }
        // Every allocation of a load in turn, until one of none of its own would be the next.
        for nth in 1.. {
            device.cleanup().unwrap();
            let refused = limited.refused().unwrap();
            limited.fail_after(nth).unwrap();
            let model = match BurnEmbedder::load(&folder, device) {
                Ok(model) => model,
                Err(error) => {
                    let told = (error.kind(), error.needed_bytes());
                    assert_eq!(told, (EmbedErrorKind::OutOfMemory, Some(needed)), "{nth}: {error}");
                    BurnEmbedder::load(&folder, device).unwrap()
                }
            };
            let was_refused = limited.refused().unwrap() > refused;
            limited.fail_after(0).unwrap();
            assert_eq!(forward(&model), want, "after allocation {nth} was refused");
            if !was_refused {
                assert!(nth > 3, "a load of {} allocations", nth - 1);
                break;
            }
        }
    });
}
