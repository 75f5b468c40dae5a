//! Running a test of this program again, on the device.

use std::io::{Error, Result};
use std::process::Command;

use super::LimitedDevice;

/// Names the test that a process was started for.
const TEST_VARIABLE: &str = "VULKAN_LIMIT_TEST";

impl LimitedDevice {
    /// The device of a test, in the process that [`run_test`](LimitedDevice::run_test) started for it; `None` elsewhere.
    ///
    /// # Errors
    /// The device is gone.
    pub fn of_test(name: &str) -> Result<Option<Self>> {
        if std::env::var_os(TEST_VARIABLE).is_some_and(|test| test == name) {
            Self::current()
        } else {
            Ok(None)
        }
    }

    /// A command that runs one test of this test program, by its full name, on the device. A layer must be there before a
    /// process makes its first Vulkan instance, and other tests of the program may have made one.
    ///
    /// # Errors
    /// The program does not know its own path.
    pub fn test_command(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
        command.envs(self.environment()).env(TEST_VARIABLE, name);
        Ok(command)
    }

    /// Runs one test of this test program on the device, and shows what it says on standard error.
    ///
    /// # Errors
    /// The test fails, or there is none of that name.
    pub fn run_test(&self, name: &str) -> Result<()> {
        let output = self.test_command(name)?.output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        // A name that is no test's makes a run of nothing, which passes.
        if output.status.success() && said.contains("1 passed") {
            return Ok(());
        }
        Err(Error::other(format!("{name} on the limited device: {}\n{said}", output.status)))
    }
}
