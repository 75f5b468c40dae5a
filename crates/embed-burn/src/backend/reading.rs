//! [`Reading`]: a tensor on its way back from a device, while other work is given to it.

use burn::tensor::{Tensor, TensorData, Transaction};

use super::name::Backend;
#[cfg(feature = "replay")]
use super::{gate, guard};

/// A tensor's numbers, or the text of why there are none.
type Read = Result<Vec<f32>, String>;

/// A tensor that is read.
#[derive(Debug)]
pub(super) enum Reading {
    /// It is there.
    Here(Read),
    /// A thread waits for it: it comes whatever whoever asked for it does meanwhile.
    #[cfg(feature = "replay")]
    Coming(std::thread::JoinHandle<Read>),
}

impl Reading {
    /// Asks for a tensor, behind all work that this thread gave to its device. Where a dry run waits for everything to be at
    /// rest, it is there on return.
    pub(super) fn begin(tensor: Tensor<2>, backend: Backend) -> Self {
        // Not by the tensor's own way to be read: that asks the device when the bytes are looked at, behind later work.
        let arrival = Transaction::default().register(tensor).execute_async();
        #[cfg(feature = "replay")]
        if backend != Backend::Cpu {
            return away::begin(Box::pin(async { numbers(arrival.await) }), backend.is_graphics());
        }
        let _ = backend;
        Reading::Here(at_once(async { numbers(arrival.await) }))
    }

    /// Whether it is there.
    pub(super) fn is_here(&self) -> bool {
        matches!(self, Reading::Here(_))
    }

    /// Waits for it.
    pub(super) fn wait(self) -> Self {
        match self {
            Reading::Here(read) => Reading::Here(read),
            #[cfg(feature = "replay")]
            Reading::Coming(thread) => {
                Reading::Here(thread.join().unwrap_or_else(|_| Err("the thread that reads ended".to_owned())))
            }
        }
    }

    /// Waits for it and takes it.
    pub(super) fn take(self) -> Read {
        match self.wait() {
            Reading::Here(read) => read,
            #[cfg(feature = "replay")]
            Reading::Coming(_) => Err("what was waited for is not there".to_owned()),
        }
    }
}

fn numbers<E: std::fmt::Display>(read: Result<Vec<TensorData>, E>) -> Read {
    let tensors = read.map_err(|error| error.to_string())?;
    let tensor = tensors.into_iter().next().ok_or("nothing was read")?;
    tensor.try_into_vec_as::<f32>().map_err(|error| error.to_string())
}

/// What computes on the threads that ask is there when it is asked for.
fn at_once(read: impl Future<Output = Read>) -> Read {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(read).poll(&mut context) {
        std::task::Poll::Ready(read) => read,
        std::task::Poll::Pending => Err("the processor did not answer at once".to_owned()),
    }
}

#[cfg(feature = "replay")]
mod away {
    //! What comes from a GPU.

    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use cubecl_environment::future::block_on;
    use cubecl_environment::stream::StreamId;

    use super::{Read, Reading, gate, guard};

    type Arrival = Pin<Box<dyn Future<Output = Read> + Send>>;

    /// `is_patient`: the read waits without keeping the thread that polls it. Then it is asked for here, and else on the thread
    /// that waits, a moment later.
    pub(super) fn begin(mut arrival: Arrival, is_patient: bool) -> Reading {
        let Some(outside) = gate::leave() else {
            return Reading::Here(guard::caught(|| block_on(arrival)));
        };
        if is_patient {
            let asked = || Ok(arrival.as_mut().poll(&mut Context::from_waker(Waker::noop())));
            match guard::caught(asked) {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(read)) => return Reading::Here(read),
                Err(panic) => return Reading::Here(Err(panic)),
            }
        }
        // The same queue of work as this thread's, with the same pool.
        let stream = StreamId::current();
        let wait = move || {
            let read = stream.executes(|| guard::caught(|| block_on(arrival)));
            drop(outside);
            read
        };
        match std::thread::Builder::new().name("reads".to_owned()).spawn(wait) {
            Ok(thread) => Reading::Coming(thread),
            Err(error) => Reading::Here(Err(format!("no thread for reading: {error}"))),
        }
    }
}

#[cfg(feature = "wgpu")]
#[cfg(test)]
mod tests {
    use super::super::{BurnDevice, DeviceSpec, Work};
    use super::*;

    #[test]
    fn a_tensor_comes_back_whichever_thread_asks_for_it_while_other_work_is_given() {
        let device = match BurnDevice::open(DeviceSpec::on(Backend::Wgpu)) {
            Ok(device) => device,
            Err(error) => {
                let name = "a_tensor_comes_back_whichever_thread_asks_for_it_while_other_work_is_given";
                return device_suite::present::skip(name, &error.to_string());
            }
        };
        // As with a graphics API, and as with CUDA, whose reads keep the thread that polls them.
        for is_patient in [true, false] {
            let begin = |n: u8| {
                let make = |burn: &burn::tensor::Device| {
                    let tensor = Tensor::<2>::full([3, 5], f32::from(n), burn) * 2.0;
                    let arrival = Transaction::default().register(tensor).execute_async();
                    Ok(away::begin(Box::pin(async { numbers(arrival.await) }), is_patient))
                };
                device.run(Work::Other, make).unwrap()
            };
            let readings: Vec<Reading> = (0..8).map(begin).collect();
            for (n, reading) in (0_u8..).zip(readings) {
                assert_eq!(reading.take(), Ok(vec![f32::from(2 * n); 15]), "{n}, patient: {is_patient}");
            }
        }
    }
}
