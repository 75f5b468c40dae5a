//! The tests and benchmarks that every backend passes, for the test runner and for a program that runs on a bare machine.
