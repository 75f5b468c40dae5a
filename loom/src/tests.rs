//! Two and three threads that share a device.

use std::sync::Arc as StdArc;
use std::time::Duration;

use batch_policy::Bytes;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use crate::leases::{OverBudget, Priority, Refusal, Request};
use crate::shared::{Lease, NoLease, Shared};

fn request(want: u64, least: u64) -> Request {
    Request {
        owner: StdArc::from("thread"),
        want: Bytes::new(want),
        least: Bytes::new(least),
        over_budget: OverBudget::Alone,
        priority: Priority::Normal,
        // The clock stands.
        patience: Duration::from_secs(1),
    }
}

/// A device of 100 bytes, and what its work really takes.
#[derive(Default)]
struct Device {
    shared: Arc<Shared>,
    taken: AtomicU64,
}

impl Device {
    fn lease(&self, request: Request) -> Result<Lease, NoLease> {
        Shared::acquire(&self.shared, request, &mut || Bytes::new(100), &|| false)
    }

    fn works(&self, request: Request) {
        let lease = self.lease(request).unwrap();
        let bytes = lease.bytes().get();
        let before = self.taken.fetch_add(bytes, Ordering::SeqCst);
        assert!(before + bytes <= 100, "{before} and {bytes} at once");
        self.taken.fetch_sub(bytes, Ordering::SeqCst);
    }

    fn is_idle(&self) -> bool {
        let (held, waiting) = self.shared.snapshot();
        held.is_empty() && waiting == 0
    }
}

/// As many preemptions as find what is known to go wrong, and end within minutes.
fn model(threads: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = if threads > 2 { Some(2) } else { None };
    builder.check(test);
}

fn together(works: &'static [(u64, u64)]) {
    model(works.len(), move || {
        let device = Arc::new(Device::default());
        let threads: Vec<_> = works[1..]
            .iter()
            .map(|&(want, least)| {
                let device = Arc::clone(&device);
                thread::spawn(move || device.works(request(want, least)))
            })
            .collect();
        device.works(request(works[0].0, works[0].1));
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(device.is_idle());
    });
}

#[test]
fn m1_two_that_do_not_fit_together_follow_each_other() {
    together(&[(60, 60), (60, 60)]);
}

#[test]
fn m1_two_that_fit_are_at_work_together() {
    together(&[(40, 40), (60, 60)]);
}

#[test]
fn m1_one_over_the_budget_is_alone() {
    together(&[(300, 200), (10, 10)]);
}

#[test]
fn m1_three_threads() {
    together(&[(60, 60), (60, 60), (40, 40)]);
}

#[test]
fn what_a_lease_does_not_need_lets_another_go() {
    model(2, || {
        let device = Arc::new(Device::default());
        let mut lease = device.lease(request(100, 1)).unwrap();
        let other = {
            let device = Arc::clone(&device);
            thread::spawn(move || drop(device.lease(request(50, 50)).unwrap()))
        };
        lease.shrink(Bytes::new(50));
        // Still held: the other goes all the same.
        other.join().unwrap();
        drop(lease);
        assert!(device.is_idle());
    });
}

#[test]
fn who_leaves_lets_the_next_go() {
    model(3, || {
        let device = Arc::new(Device::default());
        let lease = device.lease(request(50, 50)).unwrap();
        let stopped = {
            let device = Arc::clone(&device);
            thread::spawn(move || {
                // Wants more than is left, and looks no second time.
                let asked = std::cell::Cell::new(0);
                let stop = || asked.replace(asked.get() + 1) > 1;
                let budget = &mut || Bytes::new(100);
                Shared::acquire(&device.shared, request(100, 100), budget, &stop).map(drop)
            })
        };
        let next = {
            let device = Arc::clone(&device);
            thread::spawn(move || drop(device.lease(request(50, 50)).unwrap()))
        };
        drop(lease);
        next.join().unwrap();
        let result = stopped.join().unwrap();
        assert!(matches!(result, Ok(()) | Err(NoLease::Stopped)), "{result:?}");
        assert!(device.is_idle());
    });
}

#[test]
fn a_load_that_cannot_fit_is_refused_when_nobody_holds_anything() {
    model(2, || {
        let device = Arc::new(Device::default());
        let lease = device.lease(request(50, 50)).unwrap();
        let load = {
            let device = Arc::clone(&device);
            let refused = Request { over_budget: OverBudget::Refuse, ..request(200, 200) };
            thread::spawn(move || device.lease(refused).map(drop))
        };
        drop(lease);
        let too_large = Refusal::TooLarge { budget: Bytes::new(100) };
        assert_eq!(load.join().unwrap(), Err(NoLease::Refused(too_large)));
        assert!(device.is_idle());
    });
}
