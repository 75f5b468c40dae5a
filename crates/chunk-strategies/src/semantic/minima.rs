//! The method that cuts at minima of the smoothed similarity.

use super::DEAD_BAND;
use super::threshold::quantile;

/// Minima of the similarity, smoothed by polynomials of degree `order` over `window` boundaries, whose distance is above
/// the percentile.
pub(super) fn cuts(distances: &[f64], window: usize, order: usize, percent: f64) -> Vec<bool> {
    let threshold = quantile(distances, percent) + DEAD_BAND;
    let mut cuts = vec![false; distances.len()];
    for at in minima(distances, window, order) {
        cuts[at] = distances[at] > threshold;
    }
    cuts
}

/// Where the slope turns from falling to rising. Slopes within the dead band are level: the lowest of a level stretch is
/// its minimum, the first of equals.
fn minima(distances: &[f64], window: usize, order: usize) -> Vec<usize> {
    let smooth = smooth(distances, window, order);
    let mut minima = Vec::new();
    // Where it last fell, if it has not risen since.
    let mut falling = None;
    for (at, here) in smooth.iter().enumerate() {
        if here.slope < -DEAD_BAND {
            falling = Some(at);
        } else if here.slope > DEAD_BAND
            && let Some(from) = falling.take()
        {
            let lowest = (from..=at).reduce(|lowest, next| {
                if smooth[next].value < smooth[lowest].value - DEAD_BAND { next } else { lowest }
            });
            minima.extend(lowest.filter(|&lowest| smooth[lowest].curvature > 0.0));
        }
    }
    minima
}

/// A fitted polynomial at one boundary.
#[derive(Clone, Copy, Debug, Default)]
struct Smooth {
    value: f64,
    slope: f64,
    curvature: f64,
}

/// Savitzky and Golay's filter over the similarities. The first and last half windows are read off the polynomials of
/// the first and last whole window.
fn smooth(distances: &[f64], window: usize, order: usize) -> Vec<Smooth> {
    let window = if distances.len() < window { distances.len().saturating_sub(1) | 1 } else { window };
    if distances.len() < window {
        return Vec::new();
    }
    let half = window / 2;
    let fit = Fit::new(half, order.min(window - 1));
    let middle = fit.weights(0.0);
    let last = distances.len() - window;
    (0..distances.len())
        .map(|at| {
            let first = at.saturating_sub(half).min(last);
            let values = &distances[first..first + window];
            if at == first + half {
                apply(&middle, values)
            } else {
                apply(&fit.weights(at as f64 - (first + half) as f64), values)
            }
        })
        .collect()
}

/// The polynomial at one place, from the similarities it is fitted to.
fn apply(weights: &[Smooth], distances: &[f64]) -> Smooth {
    weights.iter().zip(distances).fold(Smooth::default(), |sum, (weight, distance)| {
        let similarity = 1.0 - distance;
        Smooth {
            value: sum.value + weight.value * similarity,
            slope: sum.slope + weight.slope * similarity,
            curvature: sum.curvature + weight.curvature * similarity,
        }
    })
}

/// Least squares over the places −`half` to `half`, in polynomials that are orthogonal over them, so that each
/// coefficient is a sum of its own and no system of equations is solved.
struct Fit {
    half: usize,
    /// What each polynomial takes of the one before the one before: pₖ₊₁(x) = x · pₖ(x) − βₖ · pₖ₋₁(x).
    beta: Vec<f64>,
    /// The sum of each polynomial's squares.
    squares: Vec<f64>,
}

impl Fit {
    fn new(half: usize, order: usize) -> Self {
        let mut fit = Fit { half, beta: vec![0.0], squares: Vec::new() };
        for degree in 0..=order {
            let values = fit.places().map(|place| Self::polynomials(&fit.beta, place)[degree].value);
            let squares: f64 = values.map(|value| value * value).sum();
            if let Some(before) = fit.squares.last() {
                fit.beta.push(squares / before);
            }
            fit.squares.push(squares);
        }
        fit
    }

    /// The weights, one a place, whose sums with the values are the fitted polynomial at `place`.
    fn weights(&self, place: f64) -> Vec<Smooth> {
        let at = Self::polynomials(&self.beta, place);
        let weight = |other: f64| {
            let terms = Self::polynomials(&self.beta, other).into_iter().zip(&at).zip(&self.squares);
            terms.fold(Smooth::default(), |sum, ((other, at), squares)| Smooth {
                value: sum.value + at.value * other.value / squares,
                slope: sum.slope + at.slope * other.value / squares,
                curvature: sum.curvature + at.curvature * other.value / squares,
            })
        };
        self.places().map(weight).collect()
    }

    fn places(&self) -> impl Iterator<Item = f64> + use<> {
        let half = self.half as f64;
        (0..=2 * self.half).map(move |place| place as f64 - half)
    }

    /// Each polynomial that these factors define, at `x`.
    fn polynomials(beta: &[f64], x: f64) -> Vec<Smooth> {
        let mut all = vec![Smooth { value: 1.0, ..Smooth::default() }];
        for (degree, beta) in beta.iter().enumerate() {
            let p = all[degree];
            let before = degree.checked_sub(1).map(|before| all[before]).unwrap_or_default();
            all.push(Smooth {
                value: x * p.value - beta * before.value,
                slope: p.value + x * p.slope - beta * before.slope,
                curvature: 2.0 * p.slope + x * p.curvature - beta * before.curvature,
            });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
        }
    }

    #[test]
    fn weights_are_those_of_the_published_tables() {
        let weights = Fit::new(2, 3).weights(0.0);
        let of = |part: fn(&Smooth) -> f64| weights.iter().map(part).collect::<Vec<_>>();
        close(&of(|weight| weight.value * 35.0), &[-3.0, 12.0, 17.0, 12.0, -3.0]);
        close(&of(|weight| weight.slope * 12.0), &[1.0, -8.0, 0.0, 8.0, -1.0]);
        close(&of(|weight| weight.curvature * 7.0), &[2.0, -1.0, -2.0, -1.0, 2.0]);
    }

    /// Least squares by the normal equations in powers of x, solved by elimination.
    fn by_normal_equations(values: &[f64], order: usize, place: f64) -> [f64; 3] {
        let power = |x: f64, k: usize| (0..k).fold(1.0, |product, _| product * x);
        let half = (values.len() / 2) as f64;
        let mut rows: Vec<Vec<f64>> = (0..=order)
            .map(|row| {
                let sum = |term: &dyn Fn(f64, f64) -> f64| {
                    values.iter().enumerate().map(|(i, &y)| term(i as f64 - half, y)).sum::<f64>()
                };
                let powers = (0..=order).map(|column| sum(&|x, _| power(x, row + column)));
                powers.chain([sum(&|x, y| y * power(x, row))]).collect()
            })
            .collect();
        for pivot in 0..=order {
            let best = (pivot..=order).max_by(|&a, &b| rows[a][pivot].abs().total_cmp(&rows[b][pivot].abs()));
            rows.swap(pivot, best.unwrap());
            let by = rows[pivot].clone();
            for (_, row) in rows.iter_mut().enumerate().filter(|&(at, _)| at != pivot) {
                let factor = row[pivot] / by[pivot];
                row.iter_mut().zip(&by).for_each(|(value, by)| *value -= factor * by);
            }
        }
        let c: Vec<f64> = (0..=order).map(|k| rows[k][order + 1] / rows[k][k]).collect();
        let sum = |down: usize, factor: fn(f64) -> f64| {
            c.iter()
                .enumerate()
                .map(|(k, c)| c * factor(k as f64) * power(place, k.saturating_sub(down)))
                .sum()
        };
        [sum(0, |_| 1.0), sum(1, |k| k), sum(2, |k| k * (k - 1.0))]
    }

    proptest! {
        #[test]
        fn smoothing_is_least_squares(
            distances in prop::collection::vec(0.0..2.0_f64, 1..40), half in 1..5usize, order in 2..5usize
        ) {
            let (n, mut window) = (distances.len(), 2 * half + 1);
            while window > n {
                window -= 2;
            }
            let order = order.min(2 * half);
            let found = smooth(&distances, 2 * half + 1, order);
            prop_assert_eq!(found.len(), n);
            for (at, found) in found.iter().enumerate() {
                let first = at.saturating_sub(window / 2).min(n - window);
                let values: Vec<f64> = distances[first..first + window].iter().map(|d| 1.0 - d).collect();
                let place = at as f64 - (first + window / 2) as f64;
                let expected = by_normal_equations(&values, order.min(window - 1), place);
                for (found, expected) in [found.value, found.slope, found.curvature].iter().zip(expected) {
                    prop_assert!((found - expected).abs() < 1e-6, "{} for {} at {} of {}", found, expected, at, n);
                }
            }
        }
    }

    #[test]
    fn a_valley_is_cut_once() {
        let distances = [0.1, 0.1, 0.2, 0.5, 0.9, 0.5, 0.2, 0.1, 0.1, 0.1];
        let found = cuts(&distances, 5, 3, 50.0);
        // The filter ripples beside a valley; such minima have a distance below the median.
        assert_eq!(found.iter().position(|&cut| cut), Some(4));
        assert_eq!(found.iter().rposition(|&cut| cut), Some(4));
        assert!(cuts(&distances, 5, 3, 100.0).iter().all(|&cut| !cut));
    }

    #[test]
    fn short_and_level_documents_have_no_minimum() {
        for distances in [vec![], vec![0.5], vec![0.1, 0.9], vec![0.3; 50]] {
            assert_eq!(cuts(&distances, 5, 3, 50.0), vec![false; distances.len()]);
        }
        assert_eq!(cuts(&[0.1, 0.9, 0.1], 5, 3, 50.0), [false, true, false], "the window is shortened");
    }
}
