//! e^x.

use super::arith::Arith;

/// e^x within 1.2e-7 of it, relatively, for -87 ≤ x ≤ 88; below and above, its value at these ends. NaN stays NaN.
#[inline(always)]
pub(crate) fn exp<A: Arith>(x: f32) -> f32 {
    // In this order a NaN falls through, which `clamp` and `max` would hide.
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    // x = whole · ln 2 + rest with |rest| ≤ ln 2 / 2. Adding 1.5 · 2^23 rounds to a whole number and leaves it in the low
    // bits.
    let shifted = A::fma(x, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let rest = A::fma(whole, -LN_2_HIGH, x);
    let rest = A::fma(whole, -LN_2_LOW, rest);
    // e^rest = 1 + rest + rest² · series(rest)
    let series = SERIES.iter().skip(1).fold(SERIES[0], |sum, &next| A::fma(sum, rest, next));
    let power = A::fma(rest * rest, series, rest) + 1.0;
    // 2^whole, put together from its bits.
    power * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

const LOWEST: f32 = -87.0;
const HIGHEST: f32 = 88.0;
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts: the first has few enough bits that a whole number times it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// (e^r - 1 - r) / r², highest power first: a least-maximum fit on |r| ≤ ln 2 / 2, off by 5e-11 of e^r.
const SERIES: [f32; 6] = [1.979_03e-4, 1.394_470_3e-3, 8.333_498e-3, 4.166_629_5e-2, 1.666_666_6e-1, 5.0e-1];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::arith::{Fused, Plain};

    #[test]
    fn as_exact_as_f32_can_tell() {
        let furthest = |exp: fn(f32) -> f32| {
            let off = |step: i32| {
                let x = step as f32 / 1000.0;
                let want = f64::from(x).exp();
                (f64::from(exp(x)) - want).abs() / want
            };
            (-87_000..=88_000).map(off).fold(0.0, f64::max)
        };
        assert!(furthest(exp::<Fused>) < 1.2e-7, "{}", furthest(exp::<Fused>));
        assert!(furthest(exp::<Plain>) < 2.4e-7, "{}", furthest(exp::<Plain>));
    }

    #[test]
    fn nan_is_not_hidden_and_the_ends_are_finite() {
        assert!(exp::<Fused>(f32::NAN).is_nan());
        assert!(exp::<Fused>(f32::NEG_INFINITY) > 0.0 && exp::<Fused>(f32::INFINITY).is_finite());
        assert_eq!(exp::<Fused>(0.0).to_bits(), 1.0_f32.to_bits());
    }
}
