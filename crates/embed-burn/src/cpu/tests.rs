//! The operation beside burn's own, and its kernels beside the plain formulas in f64.

mod encoder;
mod kernels;
mod narrow;
mod narrow_attention;
mod random;
