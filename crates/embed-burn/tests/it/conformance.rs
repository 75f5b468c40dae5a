//! Every check of the suite (see the crate `device-suite`), a test each, on every backend that is compiled in.

use device_suite::present::devices;
use device_suite::{Check, Verdict};

macro_rules! tests {
    ($($name:ident),+ $(,)?) => {$(
        #[test]
        fn $name() {
            holds(stringify!($name));
        }
    )+};
}
device_suite::for_each_check!(tests);

fn holds(name: &str) {
    let check = Check::named(name).unwrap();
    for device in devices(name) {
        if let Verdict::Failed(why) = check.run(&device).verdict {
            panic!("on {} ({}): {why}", device.backend(), device.name());
        }
    }
}
