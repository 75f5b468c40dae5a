//! [`Device`]: what all embedders on a device share: its worker, its leases, and who is on it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

use batch_policy::Bytes;
use embed_burn::{Backend, BurnDevice, EmbedError};
use gpu_telemetry::{ByteCount, PoolUsage};

use super::idle::{IDLE, TenantId, Tenants};
use super::shared::Shared;
use super::worker::Worker;
use crate::adapt;
use crate::error::Error;
use crate::ledger::Ledger;

/// A device as this process uses it. There is one for each, however often it is opened, for as long as somebody uses it.
#[derive(Debug)]
pub(crate) struct Device {
    name: String,
    worker: Worker,
    leases: Arc<Shared>,
    pool: Arc<Mutex<Pool>>,
    tenants: Arc<Mutex<Tenants>>,
    budget: Mutex<Budgeted>,
    /// What other processes hold and want of it, where they are reckoned with.
    ledger: OnceLock<Arc<Ledger>>,
}

/// What the framework's pool held when work ended last.
#[derive(Clone, Copy, Debug, Default)]
struct Pool {
    usage: Option<PoolUsage>,
    users: Users,
}

/// Whose batches ran since the pool was cleaned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Users {
    #[default]
    None,
    One(TenantId),
    Several,
}

/// What a batch did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub(crate) seconds: f64,
    /// What the pool held of the device for such batches before, and holds now; `None` where there is no pool, or it took
    /// nothing more.
    pub(crate) taken: Option<(Bytes, Bytes)>,
}

/// What was seen when leases were asked for and granted last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budgeted {
    pub(super) bytes: Option<Bytes>,
    pub(super) is_pressed: bool,
    pub(super) lease: Option<Bytes>,
}

static DEVICES: LazyLock<Mutex<HashMap<String, Weak<Device>>>> = LazyLock::new(Mutex::default);

fn devices() -> MutexGuard<'static, HashMap<String, Weak<Device>>> {
    DEVICES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Device {
    /// What this process shares of an open device.
    ///
    /// # Errors
    /// The system gives no thread for it.
    pub(crate) fn of(device: &BurnDevice) -> Result<Arc<Self>, Error> {
        let mut devices = devices();
        devices.retain(|_, known| known.strong_count() > 0);
        let key = key(device);
        if let Some(known) = devices.get(&key).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let tended = Arc::new(OnceLock::<Weak<Device>>::new());
        let tends = Arc::clone(&tended);
        let tend = move || {
            if let Some(device) = tends.get().and_then(Weak::upgrade) {
                while device.unload_idle(IDLE) {}
            }
        };
        let worker = Worker::start(device.backend() == Backend::Cpu, tend)
            .map_err(|error| Error::no_thread(device.name(), error))?;
        let shared = Arc::new(Device {
            name: device.name().to_owned(),
            worker,
            leases: Arc::default(),
            pool: Arc::default(),
            tenants: Arc::default(),
            budget: Mutex::default(),
            ledger: OnceLock::new(),
        });
        let _ = tended.set(Arc::downgrade(&shared));
        devices.insert(key, Arc::downgrade(&shared));
        Ok(shared)
    }

    /// Those that somebody uses.
    pub(super) fn all() -> Vec<Arc<Device>> {
        let mut all: Vec<Arc<Device>> = devices().values().filter_map(Weak::upgrade).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Reckons with other processes from now on.
    pub(crate) fn share(&self, ledger: impl FnOnce() -> Arc<Ledger>) -> &Arc<Ledger> {
        self.ledger.get_or_init(ledger)
    }

    /// What other processes were promised and have not taken yet.
    pub(super) fn promised_elsewhere(&self) -> Bytes {
        self.ledger.get().map_or(Bytes::default(), |ledger| ledger.promised_elsewhere())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn leases(&self) -> &Arc<Shared> {
        &self.leases
    }

    /// Whether a batch is at work or may be: what is seen of the memory then is not at rest.
    pub(crate) fn is_at_work(&self) -> bool {
        self.leases.is_held()
    }

    /// Runs `work` on the device's thread and waits for it.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.worker.run(work)
    }

    /// As [`Worker::on_threads`].
    pub(crate) fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.worker.on_threads(work)
    }

    /// As [`Worker::as_computed`].
    pub(crate) fn as_computed<T: Send>(&self, arithmetic: impl FnOnce() -> T + Send) -> T {
        self.worker.as_computed(arithmetic)
    }

    /// Runs a batch on the device's thread, and says what it took.
    pub(crate) fn run_batch<T: Send + 'static>(
        &self,
        tenant: TenantId,
        device: &BurnDevice,
        batch: impl FnOnce() -> T + Send + 'static,
    ) -> (T, Ran) {
        let (pool, device) = (Arc::clone(&self.pool), device.clone());
        self.worker.run(move || {
            let started = Instant::now();
            let result = batch();
            let seconds = started.elapsed().as_secs_f64();
            let after = adapt::pool(&device);
            let mut pool = lock(&pool);
            let users = match pool.users {
                Users::None => Users::One(tenant),
                Users::One(one) if one == tenant => Users::One(one),
                _ => Users::Several,
            };
            let before = std::mem::replace(&mut *pool, Pool { usage: after, users }).usage;
            (result, Ran { seconds, taken: taken(before, after, users) })
        })
    }

    /// Lets `give_back` give back what is not in use, on the device's thread.
    ///
    /// # Errors
    /// Those of `give_back`.
    pub(crate) fn cleanup<T: Send + 'static>(
        &self,
        device: &BurnDevice,
        give_back: impl FnOnce() -> Result<T, EmbedError> + Send + 'static,
    ) -> Result<T, EmbedError> {
        let (pool, device) = (Arc::clone(&self.pool), device.clone());
        self.worker.run(move || {
            // Meanwhile nothing counts as idle: it must not be counted as free too.
            *lock(&pool) = Pool::default();
            let result = give_back();
            lock(&pool).usage = adapt::pool(&device);
            result
        })
    }

    /// What the pool held when work ended last.
    pub(crate) fn pool(&self) -> Option<PoolUsage> {
        lock(&self.pool).usage
    }

    /// Looks at something on the device's thread, between batches, and notes what the pool holds.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        device: &BurnDevice,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let (pool, device) = (Arc::clone(&self.pool), device.clone());
        self.worker.run(move || {
            lock(&pool).usage = adapt::pool(&device);
            look()
        })
    }

    pub(super) fn tenants(&self) -> &Arc<Mutex<Tenants>> {
        &self.tenants
    }

    /// Notes what leases are granted within.
    pub(crate) fn budgeted(&self, bytes: Bytes, is_pressed: bool) {
        let mut last = lock(&self.budget);
        (last.bytes, last.is_pressed) = (Some(bytes), is_pressed);
    }

    /// Notes the lease that work begins under.
    pub(crate) fn leased(&self, bytes: Bytes) {
        lock(&self.budget).lease = Some(bytes);
    }

    pub(super) fn last(&self) -> Budgeted {
        *lock(&self.budget)
    }
}

/// A card is one device whatever reaches it: its memory is shared.
fn key(device: &BurnDevice) -> String {
    match device.card() {
        Some(card) if *card != embed_burn::Card::default() => format!("{card:?}"),
        _ => format!("{} {}", device.backend(), device.name()),
    }
}

/// What a pool took for a batch. It only grows until it is cleaned, so that one that did not grow says nothing; one that
/// grew, and that nobody else used, holds what this batch needed.
fn taken(before: Option<PoolUsage>, after: Option<PoolUsage>, users: Users) -> Option<(Bytes, Bytes)> {
    let after = after?;
    let grown = after.reserved.saturating_sub(before.map_or(ByteCount::ZERO, |before| before.reserved));
    let holds = if users == Users::Several { grown } else { after.idle() };
    let held = holds.saturating_sub(grown);
    (grown > ByteCount::ZERO).then(|| (adapt::bytes(held), adapt::bytes(holds)))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::governor::{OverBudget, Priority, Request};

    fn usage(in_use: u64, reserved: u64) -> PoolUsage {
        PoolUsage { in_use: ByteCount::new(in_use), reserved: ByteCount::new(reserved) }
    }

    #[test]
    fn a_pool_that_grew_for_one_model_holds_what_its_batch_took() {
        let one = Users::One(TenantId::default());
        let grown = (Some(usage(100, 300)), Some(usage(100, 500)));
        let bytes = |held, holds| Some((Bytes::new(held), Bytes::new(holds)));
        assert_eq!(taken(grown.0, grown.1, one), bytes(200, 400));
        assert_eq!(taken(grown.0, grown.1, Users::Several), bytes(0, 200), "the rest is others'");
        assert_eq!(taken(grown.1, grown.1, one), None);
        assert_eq!(taken(None, None, one), None);
    }

    #[cfg(feature = "cpu")]
    #[test]
    fn a_device_is_one_however_often_it_is_opened_and_gone_with_its_last_user() {
        let open = || Device::of(&BurnDevice::open(Backend::Cpu.into()).unwrap()).unwrap();
        let (first, second) = (open(), open());
        assert!(Arc::ptr_eq(&first, &second));
        assert!(Device::all().iter().any(|device| Arc::ptr_eq(device, &first)));
    }

    #[test]
    fn what_unwinds_leaves_no_lease_and_nobody_waiting() {
        use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

        let shared: Arc<Shared> = Arc::default();
        let asks = |budget: &mut dyn FnMut() -> Bytes| {
            let request = Request {
                owner: "test".into(),
                want: Bytes::new(60),
                least: Bytes::new(60),
                over_budget: OverBudget::Alone,
                priority: Priority::Normal,
                patience: std::time::Duration::from_mins(5),
            };
            Shared::acquire(&shared, request, budget, &|| false)
        };
        let breaks = || asks(&mut || resume_unwind(Box::new("the monitor broke"))).is_ok();
        assert!(catch_unwind(AssertUnwindSafe(breaks)).is_err());
        let breaks = || {
            let lease = asks(&mut || Bytes::new(100)).unwrap();
            assert_eq!(lease.bytes(), Bytes::new(60));
            resume_unwind(Box::new("the batch broke"))
        };
        assert!(catch_unwind(AssertUnwindSafe(|| -> bool { breaks() })).is_err());
        assert_eq!(shared.snapshot(), (Vec::new(), 0));
        assert!(asks(&mut || Bytes::new(60)).is_ok());
    }
}
