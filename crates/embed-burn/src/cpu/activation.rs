//! The functions between the two halves of a feed-forward layer, on numbers that are still in cache.

use super::arith::Arith;
use super::exp::exp;
use crate::folder::Activation;

/// Applies `activation` to each value.
#[inline(always)]
pub(crate) fn activate<A: Arith>(values: &mut [f32], activation: Activation) {
    match activation {
        Activation::Gelu => values.iter_mut().for_each(|value| *value = gelu::<A>(*value)),
        Activation::GeluTanh => values.iter_mut().for_each(|value| *value = gelu_tanh::<A>(*value)),
        Activation::Relu => values.iter_mut().for_each(|value| *value = relu(*value)),
        Activation::Silu => values.iter_mut().for_each(|value| *value = silu::<A>(*value)),
    }
}

/// x · Φ(x), within 1.9e-7 · |x|.
#[inline(always)]
fn gelu<A: Arith>(x: f32) -> f32 {
    let half = 0.5 * x;
    A::fma(half, erf::<A>(x * std::f32::consts::FRAC_1_SQRT_2), half)
}

/// Φ through a tanh: x / (1 + e^(-2u)) with u = √(2/π) · (x + 0.044715 x³).
#[inline(always)]
fn gelu_tanh<A: Arith>(x: f32) -> f32 {
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769_2;
    let u = x * A::fma(0.044_715 * x, x, 1.0);
    x / (1.0 + exp::<A>(-TWICE_SQRT_2_OVER_PI * u))
}

/// x / (1 + e^(-x)).
#[inline(always)]
fn silu<A: Arith>(x: f32) -> f32 {
    x / (1.0 + exp::<A>(-x))
}

/// max(0, x), and NaN stays NaN.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// The error function within 3.8e-7: x · p(x²) / q(x²), fitted to the least largest relative error on |x| ≤ 4, which is
/// 7e-8; the rest is f32's own rounding. Beyond 4 it is 1 to the last bit.
#[inline(always)]
fn erf<A: Arith>(x: f32) -> f32 {
    let x = if x < -4.0 { -4.0 } else { x };
    let x = if x > 4.0 { 4.0 } else { x };
    let square = x * x;
    let horner = |series: &[f32]| {
        series.iter().skip(1).fold(series[0], |sum, &coefficient| A::fma(sum, square, coefficient))
    };
    x * horner(&ABOVE) / horner(&BELOW)
}

/// Highest power first. The last was fitted with the others: it is not 2/√π to the last digit.
#[allow(clippy::approx_constant)]
const ABOVE: [f32; 7] =
    [1.911_102_2e-8, -1.942_32e-6, 1.472_865_7e-4, 3.990_565_4e-3, 5.152_485e-2, 2.071_250_2e-1, 1.128_379_1];
const BELOW: [f32; 5] = [1.021_111_8e-3, 1.495_805_2e-2, 1.179_706_5e-1, 5.168_91e-1, 1.0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::arith::{Fused, Plain};

    /// The suite's GELU; beyond 6, where its series takes long, Φ is 0 or 1 to 1e-9.
    fn exact(x: f64) -> f64 {
        if x.abs() > 6.0 { x.max(0.0) } else { device_suite::oracle::gelu(x) }
    }

    fn exact_tanh(x: f64) -> f64 {
        0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
    }

    /// The largest error, as a share of |x|.
    fn furthest(got: fn(f32) -> f32, want: fn(f64) -> f64) -> f64 {
        let off = |step: i32| {
            let x = step as f32 / 4096.0;
            (f64::from(got(x)) - want(f64::from(x))).abs() / f64::from(x.abs()).max(f64::MIN_POSITIVE)
        };
        (-40_960..=40_960).map(off).fold(0.0, f64::max)
    }

    #[test]
    fn gelu_is_as_exact_as_f32_can_tell() {
        assert!(furthest(gelu::<Fused>, exact) < 2.0e-7, "{}", furthest(gelu::<Fused>, exact));
        assert!(furthest(gelu::<Plain>, exact) < 3.0e-7, "{}", furthest(gelu::<Plain>, exact));
    }

    #[test]
    fn gelu_tanh_is_as_exact_as_f32_can_tell() {
        let off = furthest(gelu_tanh::<Fused>, exact_tanh);
        assert!(off < 4.0e-7, "{off}");
    }

    #[test]
    fn silu_is_as_exact_as_f32_can_tell() {
        let off = furthest(silu::<Fused>, |x| x / (1.0 + (-x).exp()));
        assert!(off < 4.0e-7, "{off}");
    }

    #[test]
    fn nan_is_not_hidden_and_the_largest_numbers_are_finite() {
        for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu, Activation::Silu] {
            let mut values = [f32::NAN, 1e30, -1e30, 0.0];
            activate::<Fused>(&mut values, activation);
            assert!(values[0].is_nan(), "{activation:?} hides a NaN");
            assert!(
                (values[1] / 1e30 - 1.0).abs() < 1e-6 && values[2].abs() < 1e-6 && values[3].abs() < 1e-6,
                "{activation:?}: {values:?}"
            );
        }
    }
}
