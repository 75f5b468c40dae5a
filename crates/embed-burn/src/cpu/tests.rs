//! The operation beside burn's own, and its kernels beside the plain formulas in f64.

mod attention;
mod encoder;
mod families;
mod kernels;
mod model;
mod narrow;
mod narrow_attention;
mod random;
mod shares;
