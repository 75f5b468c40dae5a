//! [`Card`]: what one card answers, call after call.

/// A card, or an instance of one, and its answers. Each kind of answer is a list: one a call, the last repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    pub(crate) pci: String,
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) memory: Vec<Answered<Memory>>,
    /// Of the first version of the call; the second's where there are none.
    pub(crate) memory_v1: Vec<Answered<Memory>>,
    pub(crate) utilization: Vec<Answered<u32>>,
    pub(crate) compute: Vec<Answered<Vec<Process>>>,
    pub(crate) graphics: Vec<Answered<Vec<Process>>>,
    pub(crate) mps: Vec<Answered<Vec<Process>>>,
    /// Of Windows.
    pub(crate) luid: Option<u64>,
    /// How long the third version's entries of lists of processes are, in bytes, where they are not as documented.
    pub(crate) entry_size: Option<u32>,
    /// Whether it is built into the processor, as CUDA tells it.
    pub(crate) integrated: bool,
    /// What CUDA tells a process that computes on it: free and total.
    pub(crate) context: Option<(u64, u64)>,
    /// Calls for this card until its driver is started anew, and what handles from before answer then.
    pub(crate) restarted_after: Option<(u64, Failure)>,
    /// Calls for this card that are answered before it falls off the bus.
    pub(crate) lost_after: Option<u64>,
    /// Calls for the card before this instance of it is taken away.
    pub(crate) gone_after: Option<u64>,
    /// `Some`, even of none, where the card is in MIG mode.
    pub(crate) instances: Option<Vec<Card>>,
}

/// The bytes of `nvmlDeviceGetMemoryInfo_v2`, and without `reserved` of its first version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All.
    pub total: u64,
    /// Kept by driver and firmware.
    pub reserved: u64,
    /// Not given to anyone.
    pub free: u64,
    /// Given, with or without what is reserved: drivers differ.
    pub used: u64,
}

impl Memory {
    /// A card of `total` bytes of which `used` are used and none reserved.
    pub fn of(total: u64, used: u64) -> Self {
        Memory { total, reserved: 0, free: total.saturating_sub(used), used }
    }
}

/// An entry of a list of processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The process's id; `None` for the process that loaded the library.
    pub pid: Option<u32>,
    /// What it uses; `None` where the driver does not tell, as under Windows' display driver.
    pub bytes: Option<u64>,
}

impl Process {
    /// The process that loaded the library.
    pub fn this(bytes: u64) -> Self {
        Process { pid: None, bytes: Some(bytes) }
    }

    /// Another process.
    pub fn other(pid: u32, bytes: u64) -> Self {
        Process { pid: Some(pid), bytes: Some(bytes) }
    }
}

/// A return value of NVML that is not success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub u32);

impl Failure {
    /// `NVML_ERROR_UNINITIALIZED`.
    pub const UNINITIALIZED: Failure = Failure(1);
    /// `NVML_ERROR_INVALID_ARGUMENT`.
    pub const INVALID_ARGUMENT: Failure = Failure(2);
    /// `NVML_ERROR_NOT_SUPPORTED`.
    pub const NOT_SUPPORTED: Failure = Failure(3);
    /// `NVML_ERROR_NO_PERMISSION`.
    pub const NO_PERMISSION: Failure = Failure(4);
    /// `NVML_ERROR_NOT_FOUND`.
    pub const NOT_FOUND: Failure = Failure(6);
    /// `NVML_ERROR_INSUFFICIENT_SIZE`.
    pub const INSUFFICIENT_SIZE: Failure = Failure(7);
    /// `NVML_ERROR_DRIVER_NOT_LOADED`.
    pub const DRIVER_NOT_LOADED: Failure = Failure(9);
    /// `NVML_ERROR_GPU_IS_LOST`.
    pub const GPU_LOST: Failure = Failure(15);
    /// `NVML_ERROR_RESET_REQUIRED`.
    pub const RESET_REQUIRED: Failure = Failure(16);
    /// `NVML_ERROR_LIB_RM_VERSION_MISMATCH`.
    pub const VERSION_MISMATCH: Failure = Failure(18);
    /// `NVML_ERROR_UNKNOWN`.
    pub const UNKNOWN: Failure = Failure(999);
}

/// An answer as it is kept.
pub(crate) type Answered<T> = Result<T, Failure>;

/// What a call answers: a value, or a failure.
pub trait Answer<T> {
    /// As a result.
    fn answer(self) -> Result<T, Failure>;
}

impl<T> Answer<T> for T {
    fn answer(self) -> Result<T, Failure> {
        Ok(self)
    }
}

macro_rules! failure_answers {
    ($($value:ty),+) => {$(
        impl Answer<$value> for Failure {
            fn answer(self) -> Result<$value, Failure> {
                Err(self)
            }
        }
    )+};
}
failure_answers!(Memory, u32, Vec<Process>);

impl Card {
    /// A card at an address on the bus, such as `0000:41:00.0`. Memory and utilisation are not supported until they are
    /// told, and no process uses it.
    pub fn new(pci: &str, uuid: &str, name: &str) -> Self {
        Card { pci: pci.to_owned(), uuid: uuid.to_owned(), name: name.to_owned(), ..Card::default() }
    }

    /// A card of a system on a chip, which is on no bus and has no UUID.
    pub fn built_in(name: &str) -> Self {
        Card::new("", "", name)
    }

    /// An instance of a card in MIG mode, to be given to [`Card::instance`].
    pub fn part(uuid: &str, name: &str) -> Self {
        Card::new("", uuid, name)
    }

    /// The next answer about memory.
    #[must_use]
    pub fn memory(mut self, answer: impl Answer<Memory>) -> Self {
        self.memory.push(answer.answer());
        self
    }

    /// The next answer about memory by the first version of the call, which answers as the second does unless told.
    #[must_use]
    pub fn memory_v1(mut self, answer: impl Answer<Memory>) -> Self {
        self.memory_v1.push(answer.answer());
        self
    }

    /// The third version's lists of processes have entries of so many bytes, as 32 in drivers 535.43 to 535.86.
    #[must_use]
    pub fn entry_size(mut self, bytes: u32) -> Self {
        self.entry_size = Some(bytes);
        self
    }

    /// CUDA tells that it is built into the processor.
    #[must_use]
    pub fn integrated(mut self) -> Self {
        self.integrated = true;
        self
    }

    /// The process that loads the library computes on it by CUDA, which tells it so much free of so much.
    #[must_use]
    pub fn context(mut self, free: u64, total: u64) -> Self {
        self.context = Some((free, total));
        self
    }

    /// After so many more calls for this card its driver is started anew: handles from before answer `failure`, and the card is
    /// there under a new one.
    #[must_use]
    pub fn restarted_after(mut self, calls: u64, failure: Failure) -> Self {
        self.restarted_after = Some((calls, failure));
        self
    }

    /// The next answer about utilisation, in percent.
    #[must_use]
    pub fn utilization(mut self, answer: impl Answer<u32>) -> Self {
        self.utilization.push(answer.answer());
        self
    }

    /// The next list of processes that compute.
    #[must_use]
    pub fn compute(mut self, answer: impl Answer<Vec<Process>>) -> Self {
        self.compute.push(answer.answer());
        self
    }

    /// The next list of processes that draw; Vulkan's are here.
    #[must_use]
    pub fn graphics(mut self, answer: impl Answer<Vec<Process>>) -> Self {
        self.graphics.push(answer.answer());
        self
    }

    /// The next list of clients of the multi-process service.
    #[must_use]
    pub fn mps(mut self, answer: impl Answer<Vec<Process>>) -> Self {
        self.mps.push(answer.answer());
        self
    }

    /// What Windows knows the card by, its first byte the lowest; without, CUDA's driver answers as on other systems.
    #[must_use]
    pub fn luid(mut self, luid: u64) -> Self {
        self.luid = Some(luid);
        self
    }

    /// After so many more calls for this card, every one answers that it is lost.
    #[must_use]
    pub fn lost_after(mut self, calls: u64) -> Self {
        self.lost_after = Some(calls);
        self
    }

    /// After so many more calls for its card and the card's instances, this instance is not there any more. As in NVIDIA's
    /// library its handle is not empty then: it means the next instance of the card.
    #[must_use]
    pub fn gone_after(mut self, calls: u64) -> Self {
        self.gone_after = Some(calls);
        self
    }

    /// The instances that are there after so many calls, each with its place among all that there ever are.
    pub(crate) fn instances_after(&self, calls: u64) -> impl Iterator<Item = (usize, &Card)> {
        let parts = self.instances.iter().flatten().enumerate();
        parts.filter(move |(_, part)| part.gone_after.is_none_or(|gone| calls <= gone))
    }

    /// Puts the card in MIG mode and adds an instance.
    #[must_use]
    pub fn instance(mut self, part: Card) -> Self {
        self.instances.get_or_insert_default().push(part);
        self
    }
}
