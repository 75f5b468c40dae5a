//! How hybrid chooses: [`HybridRules`] turn features into scores, and scores into a [`Choice`].

use std::ops::Range;
use std::sync::Arc;

use super::features::Features;
use super::sections::Section;
use crate::kind::DocumentKind;
use crate::strategy::Strategy;

/// The thresholds of hybrid.
///
/// A strategy's score is its feature divided by its threshold, and 1 or more makes it eligible. A name that says what a
/// document is decides; then, of what is eligible, recursive as for code and data before Markdown, since comments look like
/// headings, then semantic, then character. Recursive is always eligible, and last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HybridRules {
    /// Markdown: the share of lines with markup. Default: 0.1. Prose with
    /// a heading now and then has less, documentation 0.1 to 0.7.
    pub markup: f64,
    /// Recursive, as for source code: the share of lines that look like code or data. Default: 0.5.
    pub code: f64,
    /// Semantic, if there is an embedder: the topic diversity. Default: 0.5. A speech has 0.44, a collection of
    /// encyclopedia articles 0.58, documentation of one subject 0.3 to 0.5.
    pub topic_diversity: f64,
    /// Semantic: also how much larger than a chunk paragraphs are in the mean: where they are smaller, the author has said already
    /// where a subject ends. Default: 1.
    pub paragraphs_in_chunk: f64,
    /// Character: how many chunks long lines are in the mean. Text without line ends has nothing but sentences and words,
    /// and even sizes are what can be had. Default: 8.
    pub line_in_chunks: f64,
    /// A section of a Markdown document stays with Markdown if more than this share of it lies in blocks other than
    /// paragraphs. Default: 0.02.
    pub plain_section: f64,
}

impl Default for HybridRules {
    fn default() -> Self {
        HybridRules {
            markup: 0.1,
            code: 0.5,
            topic_diversity: 0.5,
            paragraphs_in_chunk: 1.0,
            line_in_chunks: 8.0,
            plain_section: 0.02,
        }
    }
}

/// Which strategy hybrid took for a part of a document, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The part, in bytes.
    pub bytes: Range<usize>,
    /// What it looks like.
    pub features: Features,
    /// What each strategy scored; for recursive, as for code.
    pub scores: Vec<(Strategy, f64)>,
    /// What was chosen.
    pub strategy: Strategy,
    /// Why, in words and with the figures.
    pub reason: Arc<str>,
}

/// What is to be decided on.
pub(super) struct Part {
    pub(super) bytes: Range<usize>,
    pub(super) features: Features,
    /// About how many bytes a chunk of the maximum size has here.
    pub(super) chunk_bytes: usize,
    pub(super) kind: DocumentKind,
    pub(super) has_embedder: bool,
}

impl HybridRules {
    /// The strategy for a document, or for a section that is no Markdown.
    pub(super) fn choose(&self, part: Part) -> Choice {
        let features = part.features;
        let chunk = part.chunk_bytes.max(1) as f64;
        let known = |kind| if part.kind == kind { 1.0 } else { 0.0 };
        let markdown = (features.markup / self.markup).max(known(DocumentKind::Markdown));
        let code = (features.code / self.code).max(known(DocumentKind::Code));
        let by_words = features.topic_diversity / self.topic_diversity;
        let by_paragraphs = features.paragraph_bytes / chunk / self.paragraphs_in_chunk;
        let semantic = if part.has_embedder { by_words.min(by_paragraphs) } else { 0.0 };
        let character = features.line_bytes / chunk / self.line_in_chunks;
        let percent = |share: f64| format!("{:.0}%", share * 100.0);
        let (strategy, reason) = if part.kind == DocumentKind::Code {
            (Strategy::Recursive, "its name says that it is source code or data".to_owned())
        } else if part.kind == DocumentKind::Rows {
            (Strategy::Recursive, "its name says that it is rows of data".to_owned())
        } else if part.kind == DocumentKind::Records {
            (Strategy::Recursive, "its name says that it is records, one a line".to_owned())
        } else if part.kind == DocumentKind::Markdown {
            (Strategy::Markdown, "its name says that it is Markdown".to_owned())
        } else if code >= 1.0 {
            let (has, bound) = (percent(features.code), percent(self.code));
            (
                Strategy::Recursive,
                format!("{has} of its lines look like code or data, and {bound} are enough"),
            )
        } else if markdown >= 1.0 {
            let (has, bound) = (percent(features.markup), percent(self.markup));
            (Strategy::Markdown, format!("{has} of its lines are markup, and {bound} are enough"))
        } else if semantic >= 1.0 {
            let (has, bound) = (features.topic_diversity, self.topic_diversity);
            let paragraph = features.paragraph_bytes;
            let reason = format!(
                "its topic diversity is {has:.2}, {bound} is enough, and its paragraphs of {paragraph:.0} bytes are larger \
                 than a chunk"
            );
            (Strategy::Semantic, reason)
        } else if character >= 1.0 {
            let (has, bound) = (features.line_bytes / chunk, self.line_in_chunks);
            (Strategy::Character, format!("its lines are {has:.0} chunks long, and {bound} are enough"))
        } else {
            (Strategy::Recursive, "nothing speaks for another strategy".to_owned())
        };
        Choice {
            bytes: part.bytes,
            features,
            scores: vec![
                (Strategy::Markdown, markdown),
                (Strategy::Semantic, semantic),
                (Strategy::Character, character),
                (Strategy::Recursive, code.max(1.0)),
            ],
            strategy,
            reason: reason.into(),
        }
    }

    /// Whether a document that is cut recursively is so because it looks like code or data.
    pub(super) fn is_code(&self, choice: &Choice) -> bool {
        choice.features.code >= self.code
    }

    /// Another strategy than Markdown for a section of a Markdown document; `part` is what lies beside its heading, and
    /// asked for only where that matters.
    pub(super) fn choose_over_markdown(
        &self,
        section: &Section,
        chunk_bytes: usize,
        part: impl FnOnce() -> Part,
    ) -> Option<Choice> {
        // What fits into a chunk needs no cuts.
        if section.markup > self.plain_section || section.bytes.len() <= chunk_bytes {
            return None;
        }
        let plain = self.choose(Part { kind: DocumentKind::Unknown, ..part() });
        let has_reason = matches!(plain.strategy, Strategy::Semantic | Strategy::Character);
        has_reason.then(|| Choice { bytes: section.bytes.clone(), ..plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str, kind: DocumentKind, has_embedder: bool) -> Choice {
        let part = Part {
            bytes: 0..text.len(),
            features: Features::of(text),
            chunk_bytes: 1000,
            kind,
            has_embedder,
        };
        HybridRules::default().choose(part)
    }

    #[test]
    fn each_rule_has_its_text() {
        let unknown = DocumentKind::Unknown;
        let prose = "A sentence in a line of a paragraph.\nAnother one.\n\n".repeat(50);
        assert_eq!(choose(&prose, unknown, true).strategy, Strategy::Recursive);
        assert_eq!(choose(&prose, DocumentKind::Markdown, true).strategy, Strategy::Markdown);
        assert_eq!(choose("# Title\n\n- [a](a.md)\n- b\n", unknown, true).strategy, Strategy::Markdown);
        let code = "fn main() {\n    let x = 1;\n}\n".repeat(9);
        assert_eq!(choose(&code, unknown, true).strategy, Strategy::Recursive);
        assert!(choose(&code, unknown, true).reason.contains("code"));
        assert_eq!(choose("# comment\n# comment\n", DocumentKind::Code, true).strategy, Strategy::Recursive);
        assert_eq!(choose(&"word ".repeat(9000), unknown, true).strategy, Strategy::Character);
    }

    #[test]
    fn code_and_data_are_told_before_markup() {
        for text in [
            "import os\n\n# read\nx = 1\n\n# write\ny = 2\n",
            "# build\nall: build test\n\n# compile\nbuild:\n\tcargo build\n\n# check\ntest:\n\tcargo test\n",
            "# settings\n[package]\nname = \"x\"\n\n# more\n[dependencies]\nserde = \"1\"\n",
            "# config\nname: x\nsteps:\n  - build\n  - test\n# end\non: push\n",
            "# one\n\n- a\n- b\n\n# two\n\n- c\n",
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n # title\n-- old\n+- new\n",
            "FROM debian\n# tools\nRUN apt install x\n# code\nCOPY . /x\n",
            "# a comment\n#!/bin/sh\nset -e\n# more\nexport A=b\ncd /tmp\n# last\nfoo() {\n  echo hi\n}\n",
            "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}\n",
            "SELECT a\n-- all of them\nFROM b;\n",
        ] {
            let choice = choose(text, DocumentKind::Unknown, false);
            assert_eq!(choice.strategy, Strategy::Recursive, "{text:?}: {}", choice.reason);
        }
        for text in [
            "# Title\n\nSome text that explains it.\n\n## Part\n\nMore text that says so.\n",
            "Title\n=====\n\nSome text.\n\n- a\n- b\n",
            "# Use\n\nRun it:\n\n```sh\ncargo run\ncargo test\nx = 1\n```\n",
            "| a | b |\n|---|---|\n| 1 | 2 |\n",
        ] {
            let choice = choose(text, DocumentKind::Unknown, false);
            assert_eq!(
                choice.strategy,
                Strategy::Markdown,
                "{text:?}: {} {:?}",
                choice.reason,
                choice.features
            );
        }
    }

    #[test]
    fn meaning_is_asked_only_where_there_are_topics_and_no_paragraphs() {
        let subject = |i: usize| {
            let letter = char::from(b'a' + (i % 8) as u8);
            format!(
                "{letter}{letter}{letter}{letter}word and {letter}{letter}{letter}{letter}{letter} again.\n"
            )
            .repeat(30)
        };
        let topics: String = (0..8).map(subject).collect();
        let with = choose(&topics, DocumentKind::Unknown, true);
        assert_eq!(with.strategy, Strategy::Semantic, "{with:?}");
        assert_eq!(choose(&topics, DocumentKind::Unknown, false).strategy, Strategy::Recursive);
        let paragraphs = topics.replace('\n', "\n\n");
        assert_eq!(choose(&paragraphs, DocumentKind::Unknown, true).strategy, Strategy::Recursive);
    }
}
