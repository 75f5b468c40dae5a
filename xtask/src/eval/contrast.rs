//! Questions that single differences leave in the noise: one choice, over every pair of configurations that differ in it.

use super::retrieval::Row;
use super::stats::Mean;

/// One choice: what it is, and the names of configurations with and without it.
struct Contrast {
    choice: &'static str,
    pairs: Vec<(String, String)>,
}

/// The differences that a choice makes, each question's over the choice's pairs in the mean.
pub(super) struct Difference {
    pub(super) choice: &'static str,
    /// Pairs that were measured.
    pub(super) pairs: usize,
    pub(super) recall: Mean,
    pub(super) precision: Mean,
    pub(super) iou: Mean,
    pub(super) in_room: Mean,
}

/// What the measured rows say about each choice; choices without a pair are left out.
pub(super) fn differences(rows: &[Row]) -> Vec<Difference> {
    contrasts().iter().chain(&of_kinds()).filter_map(|contrast| contrast.over(rows)).collect()
}

/// Sizes that most strategies are measured with, without overlap.
const SIZES: [&str; 7] =
    ["200 chars", "400 chars", "800 chars", "1200 chars", "64 tokens", "128 tokens", "256 tokens"];

fn contrasts() -> Vec<Contrast> {
    let at_sizes = |choice, with: &str, without: &str| Contrast {
        choice,
        pairs: SIZES.iter().map(|size| (at(with, size), at(without, size))).collect(),
    };
    let overlap = |choice, strategy: &str| Contrast {
        choice,
        pairs: SIZES
            .iter()
            .filter_map(|size| {
                let fifth = size.split(' ').next()?.parse::<usize>().ok()? / 5;
                Some((format!("{strategy} {size} / {fifth}"), format!("{strategy} {size}")))
            })
            .collect(),
    };
    vec![
        overlap("an overlap of a fifth instead of none, recursive", "recursive"),
        overlap("an overlap of a fifth instead of none, character", "character"),
        at_sizes("recursive instead of character", "recursive", "character"),
        at_sizes("markdown instead of recursive", "markdown", "recursive"),
        at_sizes("hybrid instead of recursive", "hybrid", "recursive"),
        pairs(
            "semantic percentile instead of recursive",
            &[
                ("semantic 400 chars percentile", "recursive 400 chars"),
                ("semantic 800 chars percentile", "recursive 800 chars"),
                ("semantic 1200 chars percentile", "recursive 1200 chars"),
                ("semantic 128 tokens percentile", "recursive 128 tokens"),
                ("semantic percentile", "recursive 256 tokens"),
            ],
        ),
        pairs(
            "semantic optimal instead of recursive",
            &[
                ("semantic optimal", "recursive 256 tokens"),
                ("semantic 128 tokens optimal", "recursive 128 tokens"),
            ],
        ),
        pairs(
            "semantic optimal instead of percentile",
            &[
                ("semantic optimal", "semantic percentile"),
                ("semantic 128 tokens optimal", "semantic 128 tokens percentile"),
            ],
        ),
        pairs("semantic deviation instead of percentile", &[("semantic deviation", "semantic percentile")]),
        pairs("semantic minima instead of percentile", &[("semantic minima", "semantic percentile")]),
        pairs(
            "leaves of hierarchical instead of recursive",
            &[
                ("hierarchical (default)", "recursive 128 tokens"),
                ("hierarchical 1024,256,64", "recursive 64 tokens"),
            ],
        ),
        pairs(
            "merging leaves instead of leaving them",
            &[
                ("hierarchical (default), merged", "hierarchical (default)"),
                ("hierarchical 1024,256,64, merged", "hierarchical 1024,256,64"),
            ],
        ),
        pairs(
            "128 instead of 256 tokens",
            &[
                ("recursive 128 tokens", "recursive 256 tokens"),
                ("character 128 tokens", "character 256 tokens"),
                ("markdown 128 tokens", "markdown (default)"),
                ("hybrid 128 tokens", "hybrid (default)"),
                ("by name 128 tokens beside", "by name 256 tokens beside"),
            ],
        ),
        pairs(
            "64 instead of 128 tokens",
            &[
                ("recursive 64 tokens", "recursive 128 tokens"),
                ("character 64 tokens", "character 128 tokens"),
            ],
        ),
    ]
}

/// What matters for Markdown and code.
fn of_kinds() -> [Contrast; 3] {
    [
        pairs(
            "cut as its name says instead of recursively",
            &[
                ("by name 256 tokens beside", "recursive 256 tokens"),
                ("by name 128 tokens beside", "recursive 128 tokens"),
            ],
        ),
        pairs(
            "context as prefix instead of beside",
            &[
                ("by name 256 tokens prefix", "by name 256 tokens beside"),
                ("by name 128 tokens prefix", "by name 128 tokens beside"),
                ("by name prefix", "by name beside"),
            ],
        ),
        pairs(
            "context of code as prefix, of all else beside, instead of beside",
            &[("by name (default)", "by name beside")],
        ),
    ]
}

fn pairs(choice: &'static str, pairs: &[(&str, &str)]) -> Contrast {
    let pairs = pairs.iter().map(|(with, without)| ((*with).to_owned(), (*without).to_owned())).collect();
    Contrast { choice, pairs }
}

/// What the model reads is the default size of strategies without overlap, and measured under that name.
fn at(strategy: &str, size: &str) -> String {
    match (strategy, size) {
        ("markdown" | "hybrid", "256 tokens") => format!("{strategy} (default)"),
        _ => format!("{strategy} {size}"),
    }
}

impl Contrast {
    fn over(&self, rows: &[Row]) -> Option<Difference> {
        let find = |name: &str| rows.iter().find(|row| row.name == name);
        let pairs: Vec<(&Row, &Row)> =
            self.pairs.iter().filter_map(|(with, without)| Some((find(with)?, find(without)?))).collect();
        let mean = |of: fn(&Row) -> &[f64]| {
            let questions = pairs.first().map_or(0, |(row, _)| of(row).len());
            let difference = |question: usize| {
                let sum: f64 = pairs.iter().map(|(a, b)| of(a)[question] - of(b)[question]).sum();
                sum / pairs.len() as f64
            };
            Mean::of(&(0..questions).map(difference).collect::<Vec<f64>>())
        };
        (!pairs.is_empty()).then(|| Difference {
            choice: self.choice,
            pairs: pairs.len(),
            recall: mean(|row| &row.recall),
            precision: mean(|row| &row.precision),
            iou: mean(|row| &row.iou),
            in_room: mean(|row| &row.in_room),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid::{self, Which};
    use super::*;

    #[test]
    fn every_contrast_names_configurations_of_the_grid() {
        let grids = [grid::retrieval(Which::Full), grid::dependencies(Which::Full)].concat();
        let names: Vec<String> = grids.iter().map(grid::Config::name).collect();
        for contrast in contrasts().into_iter().chain(of_kinds()) {
            let known = |name: &String| names.contains(name);
            let pairs = contrast.pairs.iter().filter(|(with, without)| known(with) && known(without)).count();
            assert!(
                pairs >= contrast.pairs.len().min(2),
                "{}: {pairs} of {:?}",
                contrast.choice,
                contrast.pairs
            );
        }
    }

    #[test]
    fn a_difference_is_the_mean_over_pairs_of_each_questions() {
        let row = |name: &str, values: [f64; 2]| Row {
            name: name.to_owned(),
            words: Vec::new(),
            chunks: 0,
            mean_chars: 0.0,
            truncated: 0,
            recall: values.to_vec(),
            precision: values.to_vec(),
            iou: values.to_vec(),
            omega: Vec::new(),
            in_room: values.to_vec(),
        };
        let rows =
            [row("a 1", [0.5, 1.0]), row("b 1", [0.0, 0.5]), row("a 2", [1.0, 0.0]), row("b 2", [0.5, 0.5])];
        let pair = |size: usize| (format!("a {size}"), format!("b {size}"));
        // A pair that was not measured counts for nothing.
        let contrast = Contrast { choice: "a instead of b", pairs: vec![pair(1), pair(2), pair(3)] };
        let difference = contrast.over(&rows).unwrap();
        // 0.5 and 0.5 for the first question, 0.5 and -0.5 for the second: 0.5 and 0, whose mean is 0.25 ± 0.25.
        assert_eq!((difference.pairs, difference.recall), (2, Mean { value: 0.25, error: 0.25 }));
        assert!(Contrast { choice: "", pairs: vec![pair(3)] }.over(&rows).is_none());
    }
}
