//! What a backend's failure was, by its text: the one list of what backends write.
//!
//! The framework gives an error's type for one thing only, a device that is lost; everything else arrives as a text, out of
//! burn, cubecl, a driver's binding or a panic. Each entry names where its text is written.

/// What a failure was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Memory that another moment, or a smaller batch, may have: the bytes that were asked for, where the text has them.
    NoMemory {
        /// Of the one allocation that was refused.
        needed: Option<u64>,
    },
    /// One tensor is larger than any that the device allows.
    NeverFits {
        /// Its bytes.
        needed: u64,
    },
    /// The device is gone for good.
    Lost,
}

/// In the reason of a lost device that was lost since an upload was refused (wgpu-hal `lib.rs`, `DeviceError::OutOfMemory`).
pub(super) const REFUSED_UPLOAD: &str = "Out of memory";

/// How a text is known.
enum Says {
    /// It has this part.
    Part(&'static str),
    /// It has this part, and after it the bytes that were asked for.
    Bytes(&'static str),
    /// A function of CUDA's or HIP's driver failed with one of these numbers. CUDA and HIP number these alike.
    Status(&'static [u32]),
}

/// A text that is known, and what it means.
struct Known {
    says: Says,
    means: Means,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    Lost,
    NeverFits,
    NoMemory,
}

/// CUDA's and HIP's number for a memory that is full, in whatever operation it is met.
const OUT_OF_MEMORY: u32 = 2;

/// What no context survives (cubecl-cuda `compute/events.rs` and cubecl-hip `compute/status.rs`, `poisons_device`):
/// uncorrectable memory errors, illegal addresses, time-outs, destroyed contexts, assertions, faults of the stack, of
/// instructions, alignment, address spaces and counters, and launches that failed.
const FATAL: &[u32] = &[214, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719];

/// In this order: a device that is lost for want of memory is lost.
const KNOWN: &[Known] = &[
    // burn-std `device_settings.rs`, ExecutionError; cubecl-runtime `server/base.rs`, ServerError and IoError, and
    // `compiler.rs`: any backend.
    Known { says: Says::Part("device is poisoned"), means: Means::Lost },
    // cubecl-runtime `server/base.rs`, LaunchError::DevicePoisoned: CUDA and HIP, at a launch.
    Known { says: Says::Part("device was poisoned"), means: Means::Lost },
    // wgpu-core `device/mod.rs`, DeviceError::Lost: what is asked of a lost device of Vulkan, Metal or DirectX 12.
    Known { says: Says::Part("Parent device is lost"), means: Means::Lost },
    // wgpu-hal `lib.rs`, DeviceError::Lost: the driver's own answer.
    Known { says: Says::Part("Device is lost"), means: Means::Lost },
    // cubecl-hip `compute/context.rs`: a launch on a context that is corrupt is told with its number and no type.
    Known { says: Says::Status(FATAL), means: Means::Lost },
    // cubecl-runtime `server/base.rs`, IoError::BufferTooBig: any backend with a pool, before the driver is asked.
    Known { says: Says::Bytes("can't allocate buffer of size: "), means: Means::NeverFits },
    // cubecl-runtime `server/base.rs`, IoError::OutOfMemory: CUDA, and Vulkan with kernels in SPIR-V.
    Known { says: Says::Bytes("out of device memory allocating "), means: Means::NoMemory },
    // cubecl-runtime `server/base.rs`, LaunchError::OutOfMemory: HIP, where a launch needs memory of its own.
    Known { says: Says::Part("out-of-memory error happened during launch"), means: Means::NoMemory },
    // cudarc `driver/result.rs`, DriverError: CUDA's error 2 in operations that cubecl names itself: loading a module
    // ("Unable to load the PTX"), launches, copies, pinned memory, and what is unwrapped when a context is made.
    Known { says: Says::Part("CUDA_ERROR_OUT_OF_MEMORY"), means: Means::NoMemory },
    // cubecl-server `driver.rs`, DriverError: "hipMalloc failed with status 2", hipModuleLoadData, cuStreamCreate,
    // cuEventRecord and every other function of the two drivers.
    Known { says: Says::Status(&[OUT_OF_MEMORY]), means: Means::NoMemory },
    // wgpu-core `device/mod.rs`, DeviceError::OutOfMemory: Vulkan, Metal and DirectX 12 with kernels in WGSL or MSL, where
    // it is not the device's handler that is told.
    Known { says: Says::Part("Not enough memory left"), means: Means::NoMemory },
    // wgpu `lib.rs`, Error::OutOfMemory: the same, in the panic of the framework's own handler.
    Known { says: Says::Part("wgpu error: Out of Memory"), means: Means::NoMemory },
    // cubecl-wgpu `compute/stream.rs`: an upload whose size is no multiple of four.
    Known { says: Says::Part("no staging buffer could be allocated"), means: Means::NoMemory },
    // cubecl-runtime `server/base.rs`, IoError::PageSizesExhausted: a pool with too many sizes of pages, until it is cleaned.
    Known { says: Says::Part("every page size the memory tracks still holds"), means: Means::NoMemory },
    // cubecl-server `memory_management/error_graph.rs`: all that a read is told where the refusal was the device thread's.
    Known { says: Says::Part("the reservation behind it failed"), means: Means::NoMemory },
];

/// What a text means; `None` for one that is not known.
pub(super) fn cause(text: &str) -> Option<Cause> {
    let known = &KNOWN[entry(text)?];
    let needed = match known.says {
        Says::Bytes(before) => number_after(text, before),
        Says::Part(_) | Says::Status(_) => None,
    };
    match (known.means, needed) {
        (Means::Lost, _) => Some(Cause::Lost),
        (Means::NeverFits, Some(needed)) => Some(Cause::NeverFits { needed }),
        // A text without its number: the batch can still be tried with less.
        (Means::NoMemory | Means::NeverFits, needed) => Some(Cause::NoMemory { needed }),
    }
}

/// The place in the list of the first entry that knows the text.
fn entry(text: &str) -> Option<usize> {
    KNOWN.iter().position(|known| match known.says {
        Says::Part(part) | Says::Bytes(part) => text.contains(part),
        Says::Status(numbers) => statuses(text).any(|status| numbers.contains(&status)),
    })
}

/// The numbers with which functions of a driver failed. Of the drivers only: their compilers number by themselves.
fn statuses(text: &str) -> impl Iterator<Item = u32> + '_ {
    const FAILED: &str = " failed with status ";
    text.match_indices(FAILED).filter_map(|(at, _)| {
        let function = text[..at].rsplit(|letter: char| !letter.is_ascii_alphanumeric()).next()?;
        let rest = function.strip_prefix("cu").or_else(|| function.strip_prefix("hip"))?;
        // cuEventRecord and hipMalloc, and not hiprtcCompileProgram.
        rest.starts_with(|letter: char| letter.is_ascii_uppercase()).then_some(())?;
        u32::try_from(number_after(&text[at..], FAILED)?).ok()
    })
}

fn number_after(text: &str, before: &str) -> Option<u64> {
    let (_, after) = text.split_once(before)?;
    let end = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    after[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text for each entry of the list, in its order, as its source writes it and the framework wraps it.
    const TOLD: &[(&str, Cause)] = &[
        (
            "An error happened during execution\nCaused by:\n  The device is poisoned\nCaused by:\n  Unknown: Out of memory",
            Cause::Lost,
        ),
        (
            "A launch error happened\nCaused by:\n  The device was poisoned during launch\nCaused by:\n  cuLaunchKernel failed",
            Cause::Lost,
        ),
        (
            "Validation Error\n\nCaused by:\n  In Device::create_bind_group\n    Parent device is lost\n",
            Cause::Lost,
        ),
        ("Unknown: Device is lost", Cause::Lost),
        (
            "An unknown error happened during launch\nCaused by:\n  hipModuleLaunchKernel failed with status 700, launching \
             kernel KernelId(matmul)\nBacktrace\n",
            Cause::Lost,
        ),
        (
            "An IO error happened\nCaused by:\n  can't allocate buffer of size: 3221225472\n   0: backtrace",
            Cause::NeverFits { needed: 3_221_225_472 },
        ),
        (
            "An IO error happened\nCaused by:\n  out of device memory allocating 83886080 bytes\n   0: backtrace",
            Cause::NoMemory { needed: Some(83_886_080) },
        ),
        (
            "A launch error happened\nCaused by:\n  An out-of-memory error happened during launch\nCaused by:\n  out of memory \
             launching kernel KernelId(softmax)\nBacktrace\n",
            Cause::NoMemory { needed: None },
        ),
        (
            "An error caused the compilation to fail\nCaused by:\n  Unable to load the PTX: \
             DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")\nBacktrace:\n",
            Cause::NoMemory { needed: None },
        ),
        (
            "Unknown error happened during execution: hipMalloc failed with status 2\n   0: backtrace",
            Cause::NoMemory { needed: None },
        ),
        ("Error in Queue::write_buffer: \n  Not enough memory left.\n", Cause::NoMemory { needed: None }),
        ("wgpu error: Out of Memory", Cause::NoMemory { needed: None }),
        (
            "Internal error: Failed to call `write_buffer_with`, this likely means no staging buffer could be allocated.",
            Cause::NoMemory { needed: None },
        ),
        (
            "Can't allocate 4096 bytes: every page size the memory tracks still holds live allocations\n",
            Cause::NoMemory { needed: None },
        ),
        (
            "couldn't find resource for that handle: memory ManagedMemoryId(7) was never allocated: the reservation behind it \
             failed\n",
            Cause::NoMemory { needed: None },
        ),
    ];

    #[test]
    fn each_entry_knows_its_text_and_no_entry_before_it_does() {
        assert_eq!(TOLD.len(), KNOWN.len(), "an entry has no text");
        for (at, (text, wanted)) in TOLD.iter().enumerate() {
            assert_eq!(entry(text), Some(at), "{text}");
            assert_eq!(cause(text), Some(*wanted), "{text}");
        }
    }

    #[test]
    fn error_two_is_known_in_any_operation_of_either_driver() {
        for text in [
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            "CUDA allocation error: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            "memcpy_dtod_async failed: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            "CUDA memcpy_2d failed: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\"); shape [3], strides [1]",
            "cuMemAllocHost_v2 failed with error code: CUDA_ERROR_OUT_OF_MEMORY",
            "called `Result::unwrap()` on an `Err` value: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            "cuStreamCreate failed with status 2",
            "cuEventCreate failed with status 2\nBacktrace:\n",
            "hipModuleLoadData failed with status 2",
            "hipHostMalloc failed with status 2",
            "hipMemcpyHtoDAsync failed with status 2, and hipFree failed with status 1",
        ] {
            assert_eq!(cause(text), Some(Cause::NoMemory { needed: None }), "{text}");
        }
    }

    #[test]
    fn every_fault_that_no_context_survives_is_a_lost_device() {
        for status in FATAL {
            let text = format!("cuStreamSynchronize failed with status {status}");
            assert_eq!(cause(&text), Some(Cause::Lost), "{text}");
        }
    }

    #[test]
    fn other_failures_are_not_taken_for_memory() {
        for text in [
            "",
            "hiprtcCompileProgram failed with status 2",
            "nvrtcCompileProgram failed with status 2",
            "hipMalloc failed with status 21",
            "hipMalloc failed with status 1",
            "cuLaunchKernel failed with status 20",
            "cuLaunchKernel failed with status ",
            "NCCL comm_init_rank failed: 2",
            "DriverError(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, \"too many resources requested for launch\")",
            "Too much shared memory requested.\nRequested 65536 bytes, maximum 49152 bytes available.",
            "the model is out of memory lane",
            "Validation Error: the buffer is too small",
        ] {
            assert_eq!(cause(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_that_is_missing_or_too_large_is_no_number() {
        let without = "can't allocate buffer of size: many";
        assert_eq!(cause(without), Some(Cause::NoMemory { needed: None }));
        let huge = format!("out of device memory allocating {}0 bytes", u64::MAX);
        assert_eq!(cause(&huge), Some(Cause::NoMemory { needed: None }));
    }
}
