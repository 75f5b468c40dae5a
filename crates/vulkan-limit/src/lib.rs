//! A Vulkan layer that gives any device a small memory, for tests of what happens at its end.
