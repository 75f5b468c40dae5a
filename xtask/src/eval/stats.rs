//! A mean and how sure it is.

/// A mean and its standard error: the spread of the values over the root of their number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mean {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl Mean {
    pub(super) fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        if values.is_empty() {
            return Mean::default();
        }
        let value = values.iter().sum::<f64>() / count;
        if values.len() == 1 {
            return Mean { value, error: f64::NAN };
        }
        let squares: f64 = values.iter().map(|x| (x - value).powi(2)).sum();
        Mean { value, error: (squares / (count - 1.0) / count).sqrt() }
    }

    /// Of the differences between two lists over the same things, which vary less than either list does.
    pub(super) fn of_differences(values: &[f64], others: &[f64]) -> Self {
        let differences: Vec<f64> = values.iter().zip(others).map(|(a, b)| a - b).collect();
        Mean::of(&differences)
    }

    /// In percent.
    pub(super) fn percent(self) -> String {
        format!("{:.1} ± {:.1}", 100.0 * self.value, 100.0 * self.error)
    }

    /// In percent with its sign, and marked where it is more than two standard errors from nothing.
    pub(super) fn difference(self) -> String {
        let mark = if self.value.abs() > 2.0 * self.error { " \\*" } else { "" };
        format!("{:+.1} ± {:.1}{mark}", 100.0 * self.value, 100.0 * self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_is_the_one_on_paper() {
        // Mean 2.5; squares 2.25 + 0.25 + 0.25 + 2.25 = 5; variance 5/3; over 4 and its root.
        let mean = Mean::of(&[1.0, 2.0, 3.0, 4.0]);
        assert!((mean.value - 2.5).abs() < 1e-12 && (mean.error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-12);
        let same = Mean::of_differences(&[1.0, 5.0], &[0.5, 4.5]);
        assert_eq!(same, Mean { value: 0.5, error: 0.0 });
        assert_eq!(same.difference(), "+50.0 ± 0.0 \\*");
    }
}
