//! [`Isa`]: which of the processor's instructions the encoder is compiled for.
//!
//! The kernels are plain Rust over arrays, always inlined. Inside a function with a `target_feature` the compiler turns
//! them into that processor's vector instructions, so one source serves all, but for the tile of AVX-512. Calling such a
//! function needs `unsafe`, and is here.

use super::arith::Arith;
use super::arith::Fused;
#[cfg(not(target_arch = "aarch64"))]
use super::arith::Plain;
#[cfg(target_arch = "x86_64")]
use super::tile::avx512;

/// A set of instructions that this processor has: a value of this type is the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What the compiler's target has. On `aarch64` that is NEON with fused multiply-add.
    Baseline,
    /// The same arithmetic as the others, without their instructions: the oracle of the tests.
    #[cfg(test)]
    Exact,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A computation that is compiled once for each set of instructions.
pub(crate) trait Work {
    /// `ROWS` × `COLUMNS`: the tile of results that fits the processor's registers.
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self);
}

impl Isa {
    /// The best that this processor has.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Isa(Kind::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Isa(Kind::Avx2);
            }
        }
        Isa(Kind::Baseline)
    }

    /// The columns of its tile: what weights are packed for.
    pub(crate) fn columns(self) -> usize {
        match self.0 {
            Kind::Baseline => 16,
            #[cfg(test)]
            Kind::Exact => 16,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => 16,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => avx512::COLUMNS,
        }
    }

    /// Runs `work`, compiled for these instructions.
    pub(crate) fn run(self, work: impl Work) {
        match self.0 {
            #[cfg(target_arch = "aarch64")]
            Kind::Baseline => work.run::<Fused, 6, 16>(),
            #[cfg(not(target_arch = "aarch64"))]
            Kind::Baseline => work.run::<Plain, 2, 16>(),
            #[cfg(test)]
            Kind::Exact => work.run::<Fused, 3, 16>(),
            // SAFETY: the function needs AVX2 and FMA. The value is made in `best` and `all` only, after both were found.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Kind::Avx2 => unsafe { avx2(work) },
            // SAFETY: the function needs AVX-512F. The value is made in `best` and `all` only, after it was found.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Kind::Avx512 => unsafe { avx512(work) },
        }
    }

    /// All that this processor has, the one without any instructions included.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Isa(Kind::Baseline), Isa(Kind::Exact)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Isa(Kind::Avx2));
            }
            if is_x86_feature_detected!("avx512f") {
                all.push(Isa(Kind::Avx512));
            }
        }
        all
    }

    /// Whether its multiply-add rounds once: those give the same bits.
    #[cfg(test)]
    pub(crate) fn is_fused(self) -> bool {
        cfg!(target_arch = "aarch64") || self.0 != Kind::Baseline
    }
}

// 12 of 16 registers hold results.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(work: impl Work) {
    work.run::<Fused, 6, 16>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(work: impl Work) {
    work.run::<Wide, { avx512::ROWS }, { avx512::COLUMNS }>();
}

/// AVX-512. Known to this file alone, which names it in one place: within the function above, which needs AVX-512F.
#[cfg(target_arch = "x86_64")]
struct Wide;

#[cfg(target_arch = "x86_64")]
impl Arith for Wide {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        Fused::fma(a, b, c)
    }

    #[inline(always)]
    fn tile<const ROWS: usize, const COLUMNS: usize>(
        rows: [&[f32]; ROWS],
        panel: &[[f32; COLUMNS]],
        next: &[f32],
    ) -> [[f32; COLUMNS]; ROWS] {
        // SAFETY: it needs AVX-512F. Nothing but `avx512` above names this type, and that function needs it, too.
        #[allow(unsafe_code)]
        unsafe {
            avx512::tile(rows, panel, next)
        }
    }
}
