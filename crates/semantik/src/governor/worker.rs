//! [`Worker`]: the one thread on which a device's work runs.
//!
//! A framework's pool belongs to the thread that computes: with several, each would hold pages that the others cannot use.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// A thread that runs what is sent to it, one after the other. It ends when this is dropped and all that was sent has run.
#[derive(Debug)]
pub(super) struct Worker {
    jobs: Sender<Job>,
    id: u64,
    /// The threads that compute on the processor.
    pool: Option<Arc<ThreadPool>>,
}

type Job = Box<dyn FnOnce() + Send>;

/// How long the thread waits for work before it tends to what is there.
const BEAT: Duration = Duration::from_secs(10);

thread_local! {
    /// Whose work runs here; 0: nobody's.
    static AT_WORK: Cell<u64> = const { Cell::new(0) };
}

impl Worker {
    /// Starts the thread. Where the device is the processor, work runs on threads of its own: the caller's may be those of
    /// rayon, and all of them may be waiting for this work. Now and then, when there is nothing to do, the thread calls `tend`.
    pub(super) fn start(is_processor: bool, tend: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        let pool = is_processor.then(|| {
            let threads = rayon::current_num_threads();
            ThreadPoolBuilder::new().num_threads(threads).thread_name(|n| format!("cpu-{n}")).build()
        });
        let pool = pool.transpose().map_err(std::io::Error::other)?.map(Arc::new);
        let (jobs, sent) = channel();
        let threads = pool.clone();
        std::thread::Builder::new()
            .name("device".to_owned())
            .spawn(move || work(id, &sent, threads.as_deref(), tend))?;
        Ok(Worker { jobs, id, pool })
    }

    /// Runs `job` on the thread and waits for it. A panic in it is the caller's.
    pub(super) fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        if AT_WORK.get() == self.id {
            return job();
        }
        let id = self.id;
        let (done, result) = channel::<Result<T, Box<dyn Any + Send>>>();
        let job: Job = Box::new(move || {
            let outer = AT_WORK.replace(id);
            // Unwind safe: whatever the job leaves half done is the caller's, who goes on unwinding.
            let result = catch_unwind(AssertUnwindSafe(job));
            AT_WORK.set(outer);
            // Nobody waits for a result that nobody can get.
            let _ = done.send(result);
        });
        if let Err(unsent) = self.jobs.send(job) {
            // The thread is there as long as this is; were it not, the work is done all the same.
            (unsent.0)();
        }
        match result.recv() {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => resume_unwind(Box::new("the device's thread ended")),
        }
    }

    /// Runs work on the threads that compute on the processor, beside what is computed there, or on the caller's where
    /// there are none. It must not wait for what is sent here: those threads may be all that could do it.
    pub(super) fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Runs arithmetic that depends on the number of threads that compute as it would be on those.
    pub(super) fn as_computed<T: Send>(&self, arithmetic: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) if pool.current_num_threads() != rayon::current_num_threads() => {
                pool.install(arithmetic)
            }
            _ => arithmetic(),
        }
    }
}

fn work(id: u64, sent: &Receiver<Job>, threads: Option<&ThreadPool>, tend: impl Fn()) {
    loop {
        match (sent.recv_timeout(BEAT), threads) {
            (Ok(job), Some(threads)) => threads.install(job),
            (Ok(job), None) => job(),
            (Err(RecvTimeoutError::Timeout), _) => {
                AT_WORK.set(id);
                // Unwind safe: nobody waits for it, and the next time it finds what it left.
                let _ = catch_unwind(AssertUnwindSafe(&tend));
                AT_WORK.set(0);
            }
            (Err(RecvTimeoutError::Disconnected), _) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rayon::prelude::*;

    use super::*;

    #[test]
    fn all_work_runs_on_one_thread_in_the_order_in_which_it_was_sent() {
        let worker = Worker::start(false, || {}).unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        for n in 0..20 {
            let log = Arc::clone(&log);
            worker.run(move || log.lock().unwrap().push((n, std::thread::current().id())));
        }
        let log = log.lock().unwrap();
        assert!(log.iter().map(|&(n, _)| n).eq(0..20));
        assert!(log.iter().all(|&(_, thread)| thread == log[0].1 && thread != std::thread::current().id()));
    }

    #[test]
    fn a_panic_is_the_callers_and_the_thread_goes_on() {
        let worker = Worker::start(false, || {}).unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| worker.run(|| resume_unwind(Box::new("mine")))));
        let payload: Box<dyn Any + Send> = panicked.map(|(): ()| ()).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"mine"));
        assert_eq!(worker.run(|| 3), 3);
    }

    #[test]
    fn work_may_send_work() {
        let worker = Arc::new(Worker::start(true, || {}).unwrap());
        let inner = Arc::clone(&worker);
        assert_eq!(worker.run(move || inner.run(|| 7)), 7);
    }

    #[test]
    fn all_of_rayons_threads_may_wait_for_the_processor() {
        let worker = Worker::start(true, || {}).unwrap();
        // Each of the callers' threads waits for work that itself needs rayon's threads.
        let sums: Vec<u64> = (0..64_u64)
            .into_par_iter()
            .map(|n| worker.run(move || (0..1000_u64).into_par_iter().map(|m| m * n).sum()))
            .collect();
        assert!(sums.iter().enumerate().all(|(n, &sum)| sum == n as u64 * 499_500));
    }

    #[test]
    fn arithmetic_sees_the_threads_that_compute() {
        let worker = Worker::start(true, || {}).unwrap();
        let one = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (outside, seen) = (rayon::current_num_threads(), worker.as_computed(rayon::current_num_threads));
        let inside = one.install(|| worker.as_computed(rayon::current_num_threads));
        assert_eq!((seen, inside), (outside, outside));
    }
}
