//! What is planned is what runs.

use device_suite::{SeededModel, Sizes};
use semantik::embed_burn::{Backend, BurnDevice, BurnEmbedder, Compute, ModelFolder, Precision};

#[test]
fn the_processors_memory_is_planned_in_the_numbers_that_it_computes_in() {
    let model = SeededModel::new(Sizes::TINY).unwrap();
    let folder = ModelFolder::open(model.path()).unwrap();
    let device = BurnDevice::open(Backend::Cpu.into()).unwrap();
    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
        // Without instructions, a model that was to be narrow is in f32.
        let computes = if precision.instructions().is_some() { precision } else { Precision::F32 };
        let compute = Compute { precision, ..Compute::default() };
        let loaded = BurnEmbedder::load_as(&folder, &device, compute).unwrap();
        assert_eq!(loaded.compute().precision, computes);
        for (texts, tokens) in [(1, 1), (1, 16), (3, 9), (40, 16), (200, 5)] {
            let (planned, counted) =
                (folder.working_bytes_in(precision, texts, tokens), loaded.scratch_bytes(texts, tokens));
            assert_eq!(planned, counted, "{precision}: {texts} texts of {tokens} tokens");
        }
    }
}
