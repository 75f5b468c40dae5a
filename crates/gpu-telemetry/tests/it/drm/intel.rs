//! i915 and xe: cards in a slot, and inside the processor.

use std::sync::Arc;

use gpu_telemetry::{MemoryMonitor, MemorySource};

use super::{GIB, MIB, System, bytes};
use crate::conformance;

const SLOT: &str = "0000:03:00.0";
const INSIDE: &str = "0000:00:02.0";

fn xe() -> System {
    let system = System::new();
    system.device(SLOT, "0x030000", ("0x8086", "0xe20b"), Some("xe"));
    system
}

/// What xe tells of an opening.
const XE_OPENING: &str = "drm-driver:\txe\ndrm-client-id:\t3\ndrm-pdev:\t0000:03:00.0\n\
    drm-total-system:\t0\ndrm-resident-system:\t0\ndrm-total-gtt:\t192 KiB\ndrm-resident-gtt:\t192 KiB\n\
    drm-total-vram0:\t40 MiB\ndrm-shared-vram0:\t16 MiB\ndrm-active-vram0:\t0\ndrm-resident-vram0:\t24 MiB\n\
    drm-total-stolen:\t0\ndrm-resident-stolen:\t0\ndrm-cycles-ccs:\t0\n";

#[test]
fn of_a_card_in_a_slot_xe_tells_what_this_process_holds() {
    let system = xe();
    let seen = system.sample(SLOT);
    assert_eq!((seen.total(), seen.used(), seen.free(), seen.process_used()), (None, None, None, None));
    assert_eq!(seen.headroom(), None, "nothing is made up");
    system.open(7, "/dev/dri/renderD128", XE_OPENING);
    let seen = system.sample(SLOT);
    assert_eq!((seen.process_used(), seen.source()), (bytes(24 * MIB), Some(MemorySource::Fdinfo)));
    conformance::check(&(Arc::new(system.monitor(SLOT).unwrap()) as Arc<dyn MemoryMonitor>));
}

#[test]
fn its_total_is_what_the_kernel_states_if_it_does() {
    let system = xe();
    system.card(SLOT, "tile0/physical_vram_size_bytes", format!("{}\n", 8 * GIB));
    system.card(SLOT, "tile1/memory/physical_vram_size_bytes", format!("{}\n", 8 * GIB));
    assert_eq!(system.sample(SLOT).total(), bytes(16 * GIB), "two tiles");

    let capacity = "drm/0000:83:00.0/vram0 99\ndrm/0000:03:00.0/vram0 8000000000\ndrm/0000:03:00.0/stolen 5\n\
                    drm/0000:03:00.0/vram1 7000000000\nnvidia/0000:03:00.0/vidmem 3\n";
    system.put("sys/fs/cgroup/dmem.capacity", capacity);
    assert_eq!(system.sample(SLOT).total(), bytes(15_000_000_000), "what may be handed out comes first");

    let system = System::new();
    system.device(SLOT, "0x038000", ("0x8086", "0x56c0"), Some("i915"));
    system.card(SLOT, "drm/card1/lmem_total_bytes", format!("{}\n", 14 * GIB));
    assert_eq!(system.sample(SLOT).total(), bytes(14 * GIB));
    system.card(SLOT, "drm/card1/lmem_total_bytes", "0\n");
    assert_eq!(system.sample(SLOT).total(), None, "a card without memory is one that does not tell");
}

#[test]
fn i915_calls_its_own_memory_local() {
    let system = System::new();
    system.device(SLOT, "0x030000", ("0x8086", "0x56a0"), Some("i915"));
    system.open(
        4,
        "/dev/dri/renderD129",
        "drm-driver: i915\ndrm-client-id: 9\ndrm-pdev: 0000:03:00.0\ndrm-total-system0: 6044 KiB\n\
         drm-resident-system0: 6044 KiB\ndrm-total-local0: 10 MiB\ndrm-resident-local0: 8 MiB\n\
         drm-resident-stolen-local0: 1 MiB\n",
    );
    assert_eq!(system.sample(SLOT).process_used(), bytes(9 * MIB));
}

#[test]
fn inside_the_processor_it_is_the_host_within_its_limits() {
    for (driver, regions) in [
        (
            "i915",
            "drm-total-system0: 6 MiB\ndrm-resident-system0: 4 MiB\ndrm-resident-stolen-system0: 1 MiB\n",
        ),
        ("xe", "drm-resident-system: 1 MiB\ndrm-resident-gtt: 3 MiB\ndrm-resident-stolen: 1 MiB\n"),
    ] {
        let system = System::new();
        system.device(INSIDE, "0x030000", ("0x8086", "0x46a6"), Some(driver));
        system.host(16 * GIB, 9 * GIB);
        system.open(3, "/dev/dri/renderD128", &format!("drm-client-id: 39\ndrm-pdev: {INSIDE}\n{regions}"));
        let seen = system.sample(INSIDE);
        assert_eq!((seen.total(), seen.free()), (bytes(16 * GIB), bytes(9 * GIB)), "{driver}");
        assert_eq!(seen.process_used(), bytes(5 * MIB), "{driver}: not the process's other memory");
        assert!(seen.source().unwrap().is_host_memory());

        system.put("proc/self/cgroup", "0::/job\n");
        system.put("sys/fs/cgroup/job/memory.max", (2 * GIB).to_string());
        system.put("sys/fs/cgroup/job/memory.current", GIB.to_string());
        assert_eq!(system.sample(INSIDE).headroom(), bytes(GIB), "{driver}: the cgroup's limit counts");
        conformance::check(&(Arc::new(system.monitor(INSIDE).unwrap()) as Arc<dyn MemoryMonitor>));
    }
}
