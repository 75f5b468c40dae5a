//! Shares of attention, as exact as numbers need that are narrowed next.

use super::kernel::{Bf16, Lanes, Shares};
use crate::cpu::aligned::LINE;

/// Turns the first `tokens` scores into e^(score - largest) and the others into zeros; returns their sum. `scores` are whole
/// lines. Of a score that is no number, the sum is none.
#[inline(always)]
pub(super) fn exponentials<K: Bf16>(kernel: K, scores: &mut [f32], tokens: usize) -> f32 {
    scores[tokens..].fill(f32::NEG_INFINITY);
    let lines = scores.as_chunks_mut::<LINE>().0;
    let mut most = kernel.all(f32::NEG_INFINITY);
    for line in &*lines {
        most = most.at_least(kernel.load(line));
    }
    let (log, least) = (kernel.all(std::f32::consts::LOG2_E), kernel.all(-126.0));
    let beside = kernel.all(-std::f32::consts::LOG2_E * most.largest());
    let mut sum = kernel.all(0.0);
    for line in lines {
        let power = power_of_two(kernel, kernel.load(line).times_plus(log, beside).at_least(least));
        power.store(line);
        sum = sum.plus(power);
    }
    scores[tokens..].fill(0.0);
    sum.sum()
}

/// 2^x within 1e-4 of it, relatively, for -126 ≤ x ≤ 1. NaN stays NaN.
#[inline(always)]
fn power_of_two<K: Bf16>(kernel: K, x: K::Lanes) -> K::Lanes {
    // x = whole + rest with |rest| ≤ 1/2. Adding 1.5 · 2^23 rounds to a whole number and leaves it in the low bits.
    let round = kernel.all(ROUND);
    let shifted = x.plus(round);
    let whole = shifted.plus(kernel.all(-ROUND));
    let rest = whole.times_plus(kernel.all(-1.0), x);
    let mut series = kernel.all(SERIES[0]);
    for next in &SERIES[1..] {
        series = series.times_plus(rest, kernel.all(*next));
    }
    series.scaled(shifted)
}

const ROUND: f32 = 12_582_912.0;
/// Highest power first: a least-maximum fit on |r| ≤ 1/2, off by 7.5e-5 of 2^r.
const SERIES: [f32; 4] = [5.517_167_1e-2, 2.426_111_3e-1, 6.932_61e-1, 9.999_280_7e-1];
