//! A device that is lost, and comes back with the models that were on it.

use device_suite::{SeededModel, Sizes};
use embed_burn::{Backend, BurnDevice, BurnEmbedder, DeviceSpec, EmbedErrorKind, ModelFolder, Prompt};
use vulkan_limit::LimitedDevice;

use super::{BLOCK, limited};

/// A way to lose a device, and its name.
type Way = (&'static str, fn(&LimitedDevice));

fn batches() -> Vec<Vec<Vec<u32>>> {
    let text = |n: u32| (0..=n % 9).map(|at| 4 + (n + at) % 16).collect();
    (0..5).map(|batch| (0..4).map(|row| text(batch * 4 + row)).collect()).collect()
}

fn rows(batch: &[Vec<u32>]) -> Vec<&[u32]> {
    batch.iter().map(Vec::as_slice).collect()
}

fn furthest(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_refused_upload_or_a_lost_driver_costs_a_reload_and_no_vector() {
    let name = "lost::a_refused_upload_or_a_lost_driver_costs_a_reload_and_no_vector";
    limited(name, |limited, device, _| {
        let tiny = SeededModel::new(Sizes::TINY).unwrap();
        let folder = ModelFolder::open(tiny.path()).unwrap();
        let prompt = Prompt { name: None, text: "the fox ".to_owned() };
        let model = BurnEmbedder::load(&folder, device).unwrap().with_prompt(&prompt).unwrap();
        let batches = batches();
        let run =
            |batch: &Vec<Vec<u32>>| model.forward(&rows(batch)).map(chunk_strategies::Vectors::into_inner);
        let want: Vec<Vec<f32>> = batches.iter().map(|batch| run(batch).unwrap()).collect();
        device.cleanup().unwrap();
        let live = limited.live().unwrap();
        let ways: [Way; 2] = [
            ("an upload is refused", |limited| limited.fail_next_upload().unwrap()),
            ("the driver is lost", |limited| limited.lose_device().unwrap()),
        ];
        for (what, lose) in ways {
            // The first batch, one in the middle, the last.
            for at in [0, batches.len() / 2, batches.len() - 1] {
                let mut got = Vec::new();
                let mut reloads = 0;
                for (index, batch) in batches.iter().enumerate() {
                    if index == at {
                        lose(limited);
                    }
                    let vectors = run(batch).or_else(|error| {
                        assert_eq!(error.kind(), EmbedErrorKind::DeviceLost, "{what}: {error}");
                        assert_eq!(error.is_lost_for_memory(), what.starts_with("an upload"), "{error}");
                        model.reload().unwrap();
                        reloads += 1;
                        run(batch)
                    });
                    got.push(vectors.unwrap());
                }
                assert_eq!(reloads, 1, "{what} in batch {at}");
                let off = furthest(&got, &want);
                assert!(off <= 1e-6, "{what} in batch {at}: vectors are off by {off}");
            }
        }
        assert_eq!(model.prompt(), Some(&prompt));
        // Devices that were lost hold nothing, or the sixth would find no room one day.
        device.cleanup().unwrap();
        let kept = limited.live().unwrap();
        assert!(kept <= live + BLOCK, "{kept} bytes are held, {live} were before");
    });
}

#[test]
fn models_on_one_lost_device_come_back_on_one_new_device() {
    limited("lost::models_on_one_lost_device_come_back_on_one_new_device", |limited, device, _| {
        let tiny = SeededModel::new(Sizes::TINY).unwrap();
        let folder = ModelFolder::open(tiny.path()).unwrap();
        let again = BurnDevice::open(DeviceSpec::on(Backend::Wgpu)).unwrap();
        let models =
            [BurnEmbedder::load(&folder, device).unwrap(), BurnEmbedder::load(&folder, &again).unwrap()];
        let batch = [&[2, 4, 5, 3][..], &[2, 4, 3]];
        let want = models[0].forward(&batch).unwrap();
        // Nothing is lost: nothing is done.
        let allocated = limited.allocated().unwrap();
        models[0].reload().unwrap();
        assert_eq!(limited.allocated().unwrap(), allocated);

        limited.lose_device().unwrap();
        assert_eq!(models[0].forward(&batch).unwrap_err().kind(), EmbedErrorKind::DeviceLost);
        assert!(device.is_lost() && again.is_lost());
        models[0].reload().unwrap();
        assert!(!device.is_lost() && !again.is_lost(), "a handle is the device, whoever opened it anew");
        assert_eq!(models[0].forward(&batch).unwrap(), want);
        // The other model's weights were on the lost one: it says so, and runs again when it is loaded again.
        let error = models[1].forward(&batch).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::DeviceLost, "{error}");
        models[1].reload().unwrap();
        assert_eq!(models[1].forward(&batch).unwrap(), want);
        assert_eq!(models[0].forward(&batch).unwrap(), want);
        // And from several threads at once.
        limited.lose_device().unwrap();
        assert!(models[0].forward(&batch).is_err());
        std::thread::scope(|scope| {
            for model in models.iter().chain(&models) {
                scope.spawn(|| model.reload().unwrap());
            }
        });
        for model in &models {
            assert_eq!(model.forward(&batch).unwrap(), want);
        }
        // What is opened now is the device that is there.
        let third = BurnDevice::open(DeviceSpec::on(Backend::Wgpu)).unwrap();
        assert!(!third.is_lost());
        drop(third.allocate(1 << 20).unwrap());
    });
}
