//! [`Breakpoints`]: the methods that decide which boundaries are cuts.

use std::fmt;
use std::str::FromStr;

use crate::error::ChunkError;

/// How the boundaries are chosen that are cut.
///
/// *d* is the list of the document's distances, one a boundary, 1 − cosine of what lies on its two sides (0 to 2).
/// Percentiles are interpolated linearly between closest ranks. Two numbers within 10⁻⁵ count as equal: backends differ
/// in the last digits of a vector, and cuts should not. Where all distances are equal, all methods but the last two find
/// no cut, and the maximum alone decides.
///
/// | method | cuts | parameter, default |
/// |---|---|---|
/// | percentile | *d* > *p*-th percentile of *d* | *p*, 95 |
/// | deviation | *d* > mean + *k* · standard deviation (of the population) | *k*, 3 |
/// | interquartile | *d* > mean + *k* · (75th − 25th percentile), the formula of `langchain` | *k*, 1.5 |
/// | gradient | *g* > *p*-th percentile of *g*, where *g*ᵢ = (*d*ᵢ₊₁ − *d*ᵢ₋₁) / 2 | *p*, 95 |
/// | minima | minima of the smoothed similarity with *d* > *p*-th percentile of *d* | *p*, 50 |
/// | target | as many of the largest distances as make parts of the desired size | none |
/// | optimal | the parts that are most alike within, up to the maximum | none |
///
/// All take time linear in the number of sentences and three numbers a sentence, but for `optimal`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Breakpoints {
    /// A distance above the percentile of all distances is cut.
    Percentile {
        /// The share of boundaries, in percent, that are no cuts: 0 to 100.
        percentile: f64,
    },
    /// A distance far above the mean is cut.
    Deviation {
        /// How many standard deviations above the mean: 0 or more.
        factor: f64,
    },
    /// A distance far above the mean is cut, and single large distances move the measure little.
    Interquartile {
        /// How many interquartile ranges above the mean: 0 or more.
        factor: f64,
    },
    /// A boundary where the distance grows fast is cut: for documents that are alike throughout, such as laws.
    Gradient {
        /// The share of boundaries, in percent, that are no cuts: 0 to 100.
        percentile: f64,
    },
    /// A minimum of the similarity (1 − *d*), smoothed by Savitzky and Golay's filter, is cut.
    ///
    /// A polynomial is fitted to each window by least squares. Where its first derivative turns from negative to
    /// positive, the boundary with the smallest smoothed similarity is a minimum if the second derivative there is
    /// positive. A document with fewer boundaries than the window has a window that is shorter.
    Minima {
        /// How many boundaries each polynomial is fitted to: odd, 3 to 501.
        window: usize,
        /// The polynomial's degree: 2 to 10, and less than the window.
        order: usize,
        /// Minima with a distance up to this percentile of all distances are passed over: 0 to 100.
        percentile: f64,
    },
    /// The ⌈total size / desired size⌉ − 1 largest distances are cut, exactly so many.
    ///
    /// Of those within 10⁻⁵ of the smallest that is cut, as many as are needed are taken, evenly spread. The sizes of
    /// the parts have the desired size as their mean and not as their bound: parts over the maximum are cut again.
    Target,
    /// The parts, none larger than the maximum, that maximise the sum, over all parts and all ordered pairs of different
    /// sentences within a part, of the pair's cosine less the mean cosine of the document's pairs.
    ///
    /// This is the objective of Chroma's cluster chunker, |*S*|² − *L* − *µ* · *L* · (*L* − 1) for a part of *L*
    /// sentences with the sum *S* of their unit vectors, and is found by a dynamic programme that holds no matrix. With
    /// *N* sentences, of which at most *m* fit into the maximum, and vectors of length *d*, it takes time in
    /// O(*N* · *m* · *d*), and four numbers a sentence and one vector beside those of the embedder.
    ///
    /// It uses the sentences' own vectors and not their windows. A shorter last part is preferred to a longer one only
    /// if it is better by more than 10⁻⁵ for each of its sentences, so the result is within 10⁻⁵ a sentence of the
    /// maximum. A part is measured as the sum of its sentences; where a unit does not add up (tokens that reach over a
    /// blank), a part may turn out too large, and is then cut again.
    Optimal,
}

impl Breakpoints {
    /// The names of the methods, in the order of the documentation.
    pub const NAMES: &'static [&'static str] =
        &["percentile", "deviation", "interquartile", "gradient", "minima", "target", "optimal"];

    /// The method of this name, with its parameter, or the default of it.
    ///
    /// ```
    /// use chunk_strategies::Breakpoints;
    ///
    /// assert_eq!(Breakpoints::named("deviation", None)?, Breakpoints::Deviation { factor: 3.0 });
    /// assert!(Breakpoints::named("percentile", Some(101.0)).is_err());
    /// # Ok::<(), chunk_strategies::ChunkError>(())
    /// ```
    ///
    /// # Errors
    /// The name is unknown, the parameter out of its bounds, or the method has none.
    pub fn named(name: &str, threshold: Option<f64>) -> Result<Self, ChunkError> {
        let percentile = |default| threshold.unwrap_or(default);
        let factor = percentile;
        let breakpoints = match name {
            "percentile" => Breakpoints::Percentile { percentile: percentile(95.0) },
            "deviation" => Breakpoints::Deviation { factor: factor(3.0) },
            "interquartile" => Breakpoints::Interquartile { factor: factor(1.5) },
            "gradient" => Breakpoints::Gradient { percentile: percentile(95.0) },
            "minima" => Breakpoints::Minima { window: 5, order: 3, percentile: percentile(50.0) },
            "target" => Breakpoints::Target,
            "optimal" => Breakpoints::Optimal,
            _ => {
                let bound = format!("one of {}", Breakpoints::NAMES.join(", "));
                return Err(ChunkError::config("breakpoints", format_args!("{name:?}"), bound));
            }
        };
        match (breakpoints, threshold) {
            (Breakpoints::Target | Breakpoints::Optimal, Some(value)) => {
                Err(ChunkError::config("threshold", value, format_args!("absent with {name}")))
            }
            _ => breakpoints.checked(),
        }
    }

    /// The method's name, in lower case.
    pub const fn name(&self) -> &'static str {
        match self {
            Breakpoints::Percentile { .. } => "percentile",
            Breakpoints::Deviation { .. } => "deviation",
            Breakpoints::Interquartile { .. } => "interquartile",
            Breakpoints::Gradient { .. } => "gradient",
            Breakpoints::Minima { .. } => "minima",
            Breakpoints::Target => "target",
            Breakpoints::Optimal => "optimal",
        }
    }

    /// Itself, if all parameters are within their bounds.
    pub(crate) fn checked(self) -> Result<Self, ChunkError> {
        match self {
            Breakpoints::Percentile { percentile }
            | Breakpoints::Gradient { percentile }
            | Breakpoints::Minima { percentile, .. }
                if !(0.0..=100.0).contains(&percentile) =>
            {
                Err(ChunkError::config("percentile", percentile, "between 0 and 100"))
            }
            Breakpoints::Deviation { factor } | Breakpoints::Interquartile { factor }
                if !(factor >= 0.0 && factor.is_finite()) =>
            {
                Err(ChunkError::config("factor", factor, "a finite number of at least 0"))
            }
            Breakpoints::Minima { window, .. } if window % 2 == 0 || !(3..=501).contains(&window) => {
                Err(ChunkError::config("window", window, "an odd number between 3 and 501"))
            }
            Breakpoints::Minima { window, order, .. } if !(2..=10.min(window - 1)).contains(&order) => {
                let bound = format_args!("between 2 and {}", 10.min(window - 1)).to_string();
                Err(ChunkError::config("order", order, bound))
            }
            _ => Ok(self),
        }
    }
}

impl Default for Breakpoints {
    /// The optimum: what is cut so is found as well as with any other, its borders are the nearest to authors' but for minima's,
    /// and it needs no threshold, so that short documents are cut too.
    fn default() -> Self {
        Breakpoints::Optimal
    }
}

impl fmt::Display for Breakpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Breakpoints {
    type Err = ChunkError;

    /// The method of this name, with its defaults; an error lists the known names.
    fn from_str(name: &str) -> Result<Self, ChunkError> {
        Breakpoints::named(name, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for name in Breakpoints::NAMES {
            assert_eq!(name.parse::<Breakpoints>().map(|read| read.to_string()).ok().as_deref(), Some(*name));
        }
        assert_eq!(Breakpoints::named("optimal", None).ok(), Some(Breakpoints::default()));
    }

    #[test]
    fn bounds_are_named_with_their_field() {
        let field = |result: Result<Breakpoints, ChunkError>| result.err().and_then(|error| error.field());
        assert_eq!(field(Breakpoints::named("magic", None)), Some("breakpoints"));
        for name in ["percentile", "gradient", "minima"] {
            for outside in [-0.1, 100.1, f64::NAN] {
                assert_eq!(field(Breakpoints::named(name, Some(outside))), Some("percentile"), "{name}");
            }
        }
        for name in ["deviation", "interquartile"] {
            for outside in [-0.1, f64::INFINITY, f64::NAN] {
                assert_eq!(field(Breakpoints::named(name, Some(outside))), Some("factor"), "{name}");
            }
        }
        for name in ["target", "optimal"] {
            assert_eq!(field(Breakpoints::named(name, Some(1.0))), Some("threshold"), "{name}");
        }
        let minima = |window, order| Breakpoints::Minima { window, order, percentile: 50.0 }.checked();
        assert_eq!(field(minima(4, 2)), Some("window"));
        assert_eq!(field(minima(1, 2)), Some("window"));
        assert_eq!(field(minima(503, 2)), Some("window"));
        assert_eq!(field(minima(3, 3)), Some("order"));
        assert_eq!(field(minima(5, 1)), Some("order"));
        assert!(minima(3, 2).is_ok());
    }
}
