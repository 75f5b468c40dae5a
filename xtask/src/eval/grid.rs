//! The configurations that are compared. To compare another, add a line.

use super::stitch::Layout;

/// In the place of a strategy: none is named, and a file's name decides.
const BY_NAME: &str = "by name";

/// What is asked of the command line.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) strategy: &'static str,
    pub(super) size: Size,
    pub(super) overlap: Overlap,
    /// Further words of the command line.
    pub(super) more: &'static [&'static str],
    /// Whether parents take the place of most of their children.
    pub(super) merge: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// The strategy's, as far as the model reads.
    Default,
    Chars(usize),
    Tokens(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    /// The strategy's.
    Default,
    None,
    /// Of the size.
    Fifth,
}

/// What others are compared with: what the command line does with a text of no known kind.
pub(super) const BASE: Config = Config::default_of("recursive");

/// How `semantic` finds breakpoints.
const BREAKPOINTS: &[&[&str]] = &[
    PERCENTILE,
    &["--breakpoints", "percentile", "--threshold", "85"],
    &["--breakpoints", "deviation"],
    &["--breakpoints", "interquartile"],
    &["--breakpoints", "gradient"],
    &["--breakpoints", "minima"],
    &["--breakpoints", "optimal"],
];

/// Named where sizes are compared, so that another default changes no comparison.
const PERCENTILE: &[&str] = &["--breakpoints", "percentile"];
const OPTIMAL: &[&str] = &["--breakpoints", "optimal"];

/// What retrieval is measured with on Markdown and code, where the kind of a file and what a chunk stands under matter.
pub(super) fn dependencies(which: Which) -> Vec<Config> {
    const PREFIX: &[&str] = &["--context", "prefix"];
    // Named, so that another default changes no comparison.
    const BESIDE: &[&str] = &["--context", "beside"];
    let prefix = |config| Config { more: PREFIX, ..config };
    let beside = |config| Config { more: BESIDE, ..config };
    let by_name = Config::default_of(BY_NAME);
    let mut grid =
        vec![by_name.clone(), BASE, Config::default_of("markdown"), beside(by_name.clone()), prefix(by_name)];
    if which == Which::Quick {
        return grid;
    }
    let tokens = |strategy, size| Config::new(strategy, Size::Tokens(size), Overlap::None);
    grid.extend([256, 128].map(|size| tokens("recursive", size)));
    grid.extend([256, 128].map(|size| beside(tokens(BY_NAME, size))));
    grid.extend([256, 128].map(|size| prefix(tokens(BY_NAME, size))));
    grid.extend(["character", "hierarchical", "hybrid"].map(Config::default_of));
    let methods = [PERCENTILE, &["--breakpoints", "deviation"], &["--breakpoints", "minima"], OPTIMAL];
    grid.extend(methods.map(|more| Config { more, ..Config::default_of("semantic") }));
    grid
}

/// What retrieval is measured with.
pub(super) fn retrieval(which: Which) -> Vec<Config> {
    let defaults = ["recursive", "character", "markdown", "semantic", "hierarchical", "hybrid"];
    let mut grid: Vec<Config> = defaults.map(Config::default_of).to_vec();
    if which == Which::Quick {
        return grid;
    }
    let chars = [200, 400, 800, 1200].map(Size::Chars);
    for strategy in ["recursive", "character"] {
        let both = [Overlap::None, Overlap::Fifth];
        grid.extend(chars.iter().flat_map(|size| both.map(|overlap| Config::new(strategy, *size, overlap))));
        grid.extend([64, 128, 256].map(|size| Config::new(strategy, Size::Tokens(size), Overlap::None)));
    }
    grid.extend([64, 128, 256].map(|size| Config::new("recursive", Size::Tokens(size), Overlap::Fifth)));
    for strategy in ["markdown", "hybrid"] {
        grid.extend([400, 800].map(|size| Config::new(strategy, Size::Chars(size), Overlap::None)));
        grid.push(Config::new(strategy, Size::Tokens(128), Overlap::None));
    }
    let percentile = |size| Config { more: PERCENTILE, ..Config::new("semantic", size, Overlap::None) };
    grid.extend([400, 800, 1200].map(|size| percentile(Size::Chars(size))));
    grid.push(percentile(Size::Tokens(128)));
    grid.extend(BREAKPOINTS.iter().map(|more| Config { more, ..Config::default_of("semantic") }));
    let tokens = |size| Config::new("semantic", Size::Tokens(size), Overlap::None);
    grid.push(Config { more: OPTIMAL, ..tokens(128) });
    // A mean, which needs room above it.
    let target = &["--breakpoints", "target", "--max", "256"];
    grid.push(Config { more: target, ..tokens(128) });
    let small = Config { more: &["--levels", "1024,256,64"], ..Config::default_of("hierarchical") };
    grid.push(Config { merge: true, ..Config::default_of("hierarchical") });
    grid.push(small.clone());
    grid.push(Config { merge: true, ..small });
    grid
}

/// What borders are measured with. A border is where a chunk begins, so none overlap.
pub(super) fn borders(which: Which, layout: Layout) -> Vec<Config> {
    // In characters and large, so that meaning or layout decides and not the model's limit.
    let large = |strategy| Config::new(strategy, Size::Chars(4000), Overlap::None);
    let sizes: &[usize] = if which == Which::Quick { &[800] } else { &[400, 800, 1200] };
    let mut grid = Vec::new();
    for strategy in ["recursive", "character", "markdown"] {
        grid.extend(sizes.iter().map(|size| Config::new(strategy, Size::Chars(*size), Overlap::None)));
    }
    grid.push(Config::new("hybrid", Size::Chars(800), Overlap::None));
    match (which, layout) {
        (Which::Quick, _) => grid.push(large("semantic")),
        (Which::Full, Layout::Paragraphs) => {
            grid.extend(BREAKPOINTS.iter().map(|more| Config { more, ..large("semantic") }));
            let target = &["--breakpoints", "target", "--max", "4000"];
            grid.push(Config { more: target, ..Config::new("semantic", Size::Chars(800), Overlap::None) });
        }
        // Each takes as long as embedding every document, and sentences are nearly the same in every layout.
        (Which::Full, Layout::Running) => {
            let some: [&[&str]; 3] =
                [PERCENTILE, &["--breakpoints", "minima"], &["--breakpoints", "optimal"]];
            grid.extend(some.map(|more| Config { more, ..large("semantic") }));
        }
    }
    grid
}

/// Whether everything is compared, or each strategy's default only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Full,
    Quick,
}

impl Config {
    const fn new(strategy: &'static str, size: Size, overlap: Overlap) -> Self {
        Config { strategy, size, overlap, more: &[], merge: false }
    }

    const fn default_of(strategy: &'static str) -> Self {
        Config::new(strategy, Size::Default, Overlap::Default)
    }

    /// For tables.
    pub(super) fn name(&self) -> String {
        let mut name = self.strategy.to_owned();
        match self.size {
            Size::Chars(size) => name += &format!(" {size} chars"),
            Size::Tokens(size) => name += &format!(" {size} tokens"),
            Size::Default if self.more.is_empty() => name += " (default)",
            Size::Default => {}
        }
        if let (Overlap::Fifth, Some(overlap)) = (self.overlap, self.overlap()) {
            name += &format!(" / {overlap}");
        }
        // Flags explain values to the command line, and values alone suffice here.
        for word in self.more.iter().filter(|word| !word.starts_with("--")) {
            name += &format!(" {word}");
        }
        if self.merge {
            name += ", merged";
        }
        name
    }

    /// For the command line.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        if self.strategy != BY_NAME {
            add("--strategy", self.strategy.to_owned());
        }
        match self.size {
            Size::Default => {}
            Size::Chars(size) => {
                add("--unit", "chars".to_owned());
                add("--size", size.to_string());
            }
            Size::Tokens(size) => {
                add("--unit", "tokens".to_owned());
                add("--size", size.to_string());
            }
        }
        if let Some(overlap) = self.overlap() {
            add("--overlap", overlap.to_string());
        }
        words.extend(self.more.iter().map(|word| (*word).to_owned()));
        words
    }

    fn overlap(&self) -> Option<usize> {
        match (self.overlap, self.size) {
            (Overlap::Default, _) | (Overlap::Fifth, Size::Default) => None,
            (Overlap::None, _) => Some(0),
            (Overlap::Fifth, Size::Chars(size) | Size::Tokens(size)) => Some(size / 5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_named_as_it_is_asked_for() {
        let config = Config::new("recursive", Size::Tokens(64), Overlap::Fifth);
        assert_eq!(config.name(), "recursive 64 tokens / 12");
        assert_eq!(
            config.words(),
            ["--strategy", "recursive", "--unit", "tokens", "--size", "64", "--overlap", "12"]
        );
        assert_eq!((BASE.name(), BASE.words().len()), ("recursive (default)".to_owned(), 2));
        let by_name = Config::default_of(BY_NAME);
        assert_eq!((by_name.name(), by_name.words()), ("by name (default)".to_owned(), Vec::new()));
    }

    #[test]
    fn every_configuration_has_a_name_of_its_own_and_the_base_is_one_of_them() {
        let borders = borders(Which::Full, Layout::Paragraphs);
        let [all, quick] = [Which::Full, Which::Quick].map(dependencies);
        for grid in [retrieval(Which::Full), retrieval(Which::Quick), borders, all, quick] {
            let mut names: Vec<String> = grid.iter().map(Config::name).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count);
        }
        for grid in [retrieval(Which::Quick), dependencies(Which::Quick)] {
            assert!(grid.iter().any(|config| config.name() == BASE.name()));
        }
    }
}
