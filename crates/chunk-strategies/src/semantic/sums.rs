//! Sums over vectors, in f64 and in an order that depends on nothing but the vectors: the same on every machine.

/// How many sums run side by side, for the processor to compute at once. Part of the result's last digits, so fixed.
const LANES: usize = 8;

/// The sum of the products.
pub(super) fn dot<T: Copy + Into<f64>>(a: &[f64], b: &[T]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b.into();
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, &b)| a * b.into()).sum();
    sums.iter().sum::<f64>() + rest
}

/// Adds a row, times `scale`, to a sum.
pub(super) fn add(sum: &mut [f64], row: &[f32], scale: f64) {
    for (sum, &value) in sum.iter_mut().zip(row) {
        *sum += f64::from(value) * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_a_plain_loop() {
        for length in [0, 1, 7, 8, 9, 40, 43] {
            let a: Vec<f64> = (0..length).map(|i| f64::from(i) * 0.5 - 3.0).collect();
            let row: Vec<f32> = (0..length as u16).map(|i| f32::from(i) * 0.25 + 1.0).collect();
            let b: Vec<f64> = row.iter().map(|&value| f64::from(value)).collect();
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert!((dot(&a, &b) - plain).abs() < 1e-9);
            assert!((dot(&a, &row) - plain).abs() < 1e-9);
            let mut sum = a.clone();
            add(&mut sum, &row, 3.0);
            assert!(sum.iter().zip(a.iter().zip(&b)).all(|(sum, (a, b))| (sum - a - 3.0 * b).abs() < 1e-9));
        }
    }
}
