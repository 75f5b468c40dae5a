//! A library with NVML's ABI that answers from a script, for tests of what reads cards of NVIDIA.
