//! What the markdown strategy promises beyond what every strategy does.

use chunk_strategies::{Bytes, Chunk, ChunkConfig, Markdown};

use crate::pieces::Pieces;

/// The chunks' texts and contexts.
fn chunks(document: &str, desired: usize, max: usize) -> Vec<(String, Vec<String>)> {
    let config = ChunkConfig::new(desired..=max);
    let told = |chunk: Chunk<'_>| {
        for part in chunk.context() {
            let bare = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            // A heading in HTML is told without its tags.
            let seen = |text: &str| {
                text.split('<').map(|piece| piece.split('>').next_back().unwrap()).collect::<String>()
            };
            let found = document.get(part.byte_range()).unwrap();
            let is_html = found.contains('<') && bare(&seen(found)) == bare(part.text());
            assert!(
                is_html || bare(found) == bare(part.text()),
                "{:?} is not the document's {found:?}",
                part.text()
            );
        }
        (chunk.text().to_owned(), chunk.context().iter().map(|part| part.text().to_owned()).collect())
    };
    Markdown::new(config).unwrap().chunks(document).map(|chunk| told(chunk.unwrap())).collect()
}

fn texts(document: &str, size: usize) -> Vec<String> {
    chunks(document, size, size).into_iter().map(|(text, _)| text).collect()
}

fn contexts(document: &str, size: usize) -> Vec<Vec<String>> {
    chunks(document, size, size).into_iter().map(|(_, context)| context).collect()
}

#[test]
fn c4_a_line_of_code_as_long_as_a_chunk_is_not_parted_from_half_its_end() {
    let document = format!("a\n```\na\n{}\u{c}\r\n", "x".repeat(96));
    for size in 90..110 {
        let markdown = Markdown::new(ChunkConfig::new(size).sizer(Bytes)).unwrap();
        for chunk in markdown.chunks(&document).map(Result::unwrap) {
            assert!(!chunk.text().ends_with('\r'), "{:?} at {size}", chunk.text());
        }
    }
}

#[test]
fn context_is_the_path_of_headings_outermost_first() {
    let document = "# One\n\nfirst text\n\n## Two\n\nsecond text\n\nthird text\n\n# Three\n\nfourth text\n";
    assert_eq!(
        chunks(document, 30, 30),
        [
            ("# One\n\nfirst text\n\n".to_owned(), vec![]),
            ("## Two\n\nsecond text\n\n".to_owned(), vec!["# One".to_owned()]),
            ("third text\n\n".to_owned(), vec!["# One".to_owned(), "## Two".to_owned()]),
            ("# Three\n\nfourth text\n".to_owned(), vec![]),
        ]
    );
}

#[test]
fn a_heading_that_is_underlined_gives_its_text_line() {
    let document = "Title\n=====\n\nfirst words\n\nsecond words\n";
    assert_eq!(contexts(document, 30), [vec![], vec!["Title".to_owned()]]);
}

#[test]
fn what_looks_like_a_heading_in_a_fence_is_none() {
    let document = "~~~\n# not a heading\n~~~\n\ntext that comes after\n\nmore\n";
    assert_eq!(contexts(document, 26), vec![Vec::<String>::new(); 3]);
}

#[test]
fn headings_in_quotes_and_lists_are_no_sections() {
    let document = "> # quoted\n\n- # listed\n\ntext that comes after\n";
    assert!(contexts(document, 24).iter().all(Vec::is_empty));
}

#[test]
fn a_table_is_cut_between_rows_with_its_header_as_context() {
    let rows: String = (0..20).map(|i| format!("| {i:02} | value |\n")).collect();
    let document = format!("# T\n\n| n  | name  |\n|----|-------|\n{rows}\nbehind\n");
    let chunks = chunks(&document, 80, 80);
    assert!(chunks.len() > 4);
    let (first, context) = &chunks[0];
    assert!(first.starts_with("# T\n\n| n ") && first.contains("| 00 |"), "{first:?}");
    assert!(context.is_empty());
    for (text, context) in &chunks[1..chunks.len() - 1] {
        assert!(text.starts_with("| ") && text.ends_with("|\n"), "{text:?}");
        assert_eq!(context, &["# T", "| n  | name  |\n|----|-------|"], "{text:?}");
    }
    let (last, context) = &chunks[chunks.len() - 1];
    assert!(last.ends_with("behind\n"));
    assert_eq!(context.len(), if last.starts_with('|') { 2 } else { 1 });
}

#[test]
fn a_fence_is_cut_between_lines_with_its_opening_line_as_context() {
    let lines: String = (0..30).map(|i| format!("let a{i:02} = {i};\n")).collect();
    let document = format!("Before.\n\n```rust\n{lines}```\n\nBehind.\n");
    let chunks = chunks(&document, 70, 70);
    for (text, context) in &chunks {
        assert!(text.ends_with('\n'), "{text:?}");
        let starts_inside = text.starts_with("let") || text.starts_with("```\n");
        assert_eq!(context.iter().any(|line| line == "```rust"), starts_inside, "{text:?}");
    }
}

#[test]
fn a_list_is_cut_between_items() {
    let document: String = (0..10).map(|i| format!("- item {i}\n  goes on\n")).collect();
    for text in texts(&document, 50) {
        assert!(text.starts_with("- item") && text.ends_with("goes on\n"), "{text:?}");
    }
}

#[test]
fn an_item_that_does_not_fit_is_cut_between_the_items_in_it() {
    let inner: String = (0..10).map(|i| format!("  - inner item {i}\n")).collect();
    let document = format!("- outer\n{inner}- last\n");
    for text in &texts(&document, 60)[1..] {
        assert!(text.starts_with("  - inner") || text.starts_with("- last"), "{text:?}");
    }
}

#[test]
fn what_fits_is_not_cut() {
    let paragraph = "words and more words in a paragraph";
    let document =
        format!("{paragraph}\n\n{paragraph}\n\nx\n\n- {paragraph}\n- x\n\n```\n{paragraph}\n```\n");
    for size in 46..140 {
        for text in texts(&document, size) {
            assert_eq!(
                text.matches("words and").count(),
                text.matches("in a paragraph").count(),
                "{size}: {text:?}"
            );
            assert_eq!(text.matches("```").count() % 2, 0, "{size}: {text:?}");
        }
    }
}

#[test]
fn a_paragraph_is_cut_behind_sentences_and_not_where_its_lines_are_broken() {
    let document =
        "A sentence that is broken over\ntwo lines. Another that is\nbroken, too. The third one\nis short.\n";
    let texts = texts(document, 80);
    assert_eq!(texts[0], "A sentence that is broken over\ntwo lines. Another that is\nbroken, too. ");
}

#[test]
fn desired_is_exceeded_only_to_keep_a_block_whole() {
    let document = format!("{}\n\n{}\n\nshort\n", "a".repeat(60), "b".repeat(90));
    let chunks: Vec<usize> = chunks(&document, 50, 100).iter().map(|(text, _)| text.len()).collect();
    assert_eq!(chunks, [62, 92, 6]);
}

#[test]
fn an_overlap_gives_way_to_a_block_that_fits_only_without_it() {
    let document = format!("one two three four five six\n\n{}\n", "b".repeat(49));
    let config = ChunkConfig::new(50).overlap(20);
    let strategy = Markdown::new(config).unwrap();
    let chunks: Vec<_> = strategy.chunks(&document).map(Result::unwrap).collect();
    assert_eq!(chunks.len(), 2, "{chunks:?}");
    assert_eq!(chunks[1].overlap_bytes(), 0);
    assert_eq!(chunks[1].text().len(), 50);
}

#[test]
fn a_heading_stays_with_the_first_block_of_its_section() {
    let document = "some text before it\n\n## Heading\n\nthe first block of it\n\nthe second\n";
    for size in 12..80 {
        let texts = texts(document, size);
        let ends_with_heading = texts.iter().any(|text| text.trim_end().ends_with("## Heading"));
        // Both and the blank line between them are 33 characters.
        assert!(!ends_with_heading || size < 33, "{size}: {texts:?}");
    }
}

#[test]
fn headings_in_a_row_stay_together() {
    let document = "some text before it\n\n# A\n\n## B\n\n### C\n\nthe first block\n\nthe second\n";
    assert_eq!(texts(document, 40)[1], "# A\n\n## B\n\n### C\n\nthe first block\n\n");
    let five_thousand = "# a\n".repeat(5_000);
    let texts = texts(&five_thousand, 40);
    assert!(texts.iter().all(|text| text.len() == 40), "sections without text do not stick together");
}

#[test]
fn a_section_is_preferred_to_a_block_and_a_higher_one_to_a_lower() {
    let document = "text one, and more of it\n\n# Higher\n\ntext two\n\n## Lower\n\ntext three\n\ntext four\n\ntext five\n";
    assert!(texts(document, 80)[1].starts_with("# Higher"), "{:?}", texts(document, 80));
    let document = document.replace("# Higher", "plain");
    assert!(texts(&document, 80)[1].starts_with("## Lower"), "{:?}", texts(&document, 80));
}

#[test]
fn front_matter_is_a_block_and_thematic_breaks_are_not_front_matter() {
    let document =
        "---\ntitle: x\n# a comment\n---\n\ntext\n\n---\ntitle: y\n---\n\nmore text, and more\n\nand more\n";
    let contexts = contexts(document, 30);
    assert!(contexts[0].is_empty());
    // What is underlined by dashes is a heading.
    assert_eq!(contexts.last().unwrap(), &["title: y"]);
    assert!(!contexts.iter().flatten().any(|line| line == "# a comment"));
}

#[test]
fn definitions_and_footnotes_are_blocks() {
    let document = "Text[^1] and [link].\n\n[link]: https://example.org/one\n[other]: https://example.org/two\n\n[^1]: A note.\n\n    More of it.\n";
    let texts = texts(document, 80);
    assert!(
        texts.iter().any(|text| text.starts_with("[link]"))
            || texts[0].contains("[other]: https://example.org/two\n")
    );
    assert!(texts.iter().any(|text| text.contains("A note.\n\n    More of it.")), "{texts:?}");
}

/// Far more than is parsed at once.
#[test]
fn c5_a_long_fence_and_a_long_table_are_remembered() {
    let fence = format!("~~~ text\n{}", "# not a heading\n".repeat(3_000));
    let open = contexts(&fence, 1000);
    assert!(open[1..].iter().all(|context| context == &["~~~ text"]), "an open fence goes on to the end");
    let code = "fn f() { /* # no heading */ }\n\n".repeat(2_500);
    let rows = "| some value | another |\n".repeat(1_700);
    let document =
        format!("# Title\n\n```rust\n{code}```\n\n## Table\n\n| a | b |\n|---|---|\n{rows}\n# End\n\ntext\n");
    assert!(code.len() > 75_000 && rows.len() > 40_000);
    for (text, context) in &chunks(&document, 1000, 1000)[1..] {
        let expected: &[&str] = match text.lines().find(|line| !line.is_empty()).unwrap_or_default() {
            line if line.starts_with("fn f()") => &["# Title", "```rust"],
            line if line.starts_with("| some") => &["# Title", "## Table", "| a | b |\n|---|---|"],
            line if line.starts_with("## Table") => &["# Title"],
            _ => &[],
        };
        assert_eq!(context, expected, "{text:?}");
    }
}

#[test]
fn c5_what_is_nested_deep_or_long_is_cut_as_promised() {
    let quotes = format!("{}x\n", "> ".repeat(200)).repeat(50);
    let nested: String = (0..8_000).map(|i| format!("{}- item {i}\n", "  ".repeat(i % 9))).collect();
    let documents = [
        format!("{quotes}{}\n{}", "[".repeat(20_000), "# a\n".repeat(5_000)),
        nested,
        "one sentence of a paragraph. ".repeat(10_000),
        format!("# T\n\n{}\n\nbehind\n", "word ".repeat(200_000)),
        format!("```{}\nx\n```\n\ntext\n", "i".repeat(200_000)),
        format!("| a | b |\n|---|---|\n| {} | x |\n| y | z |\n", "cell ".repeat(30_000)),
        "\n".repeat(100_000),
        format!("- item\n{}  more\n", "\n".repeat(100_000)),
        "[a]: /b\n".repeat(20_000),
    ];
    for document in &documents {
        for (desired, max, overlap) in [(1000, 1000, 0), (300, 400, 50)] {
            check_all(document, desired, max, overlap);
        }
    }
}

/// C1, C3 and C5 of the chunks of one document.
fn check_all(document: &str, desired: usize, max: usize, overlap: usize) {
    let config = ChunkConfig::new(desired..=max);
    let strategy = Markdown::new(config.overlap(overlap)).unwrap();
    let mut reader = strategy.chunk_reader(Pieces::of(document, 2_000)).with_segment(1000);
    let mut covered = 0;
    for chunk in strategy.chunks(document) {
        let chunk = chunk.unwrap();
        assert_eq!(chunk.byte_range().start + chunk.overlap_bytes(), covered);
        assert!(chunk.text().chars().count() <= max);
        assert_eq!(reader.next_chunk().unwrap().unwrap(), chunk, "streamed");
        covered = chunk.byte_range().end;
    }
    assert_eq!(covered, document.len());
    assert!(reader.next_chunk().is_none());
}

#[test]
fn items_of_a_nested_list_are_not_cut_however_far_down() {
    let document: String = (0..8_000).map(|i| format!("{}- item {i}\n", "  ".repeat(i % 9))).collect();
    for text in texts(&document, 1000) {
        assert!(text.trim_start().starts_with("- item") && text.ends_with('\n'), "{text:?}");
    }
}

fn with_overlap(document: &str, size: usize, overlap: usize) -> Vec<(String, usize)> {
    let config = ChunkConfig::new(size).overlap(overlap);
    let strategy = Markdown::new(config).unwrap();
    let chunks = strategy.chunks(document).map(|chunk| chunk.unwrap());
    chunks.map(|chunk| (chunk.text().to_owned(), chunk.overlap_bytes())).collect()
}

#[test]
fn what_introduces_a_list_stays_with_its_first_item() {
    let document = "Before takeoff:\n\n- Fuel\n  - check tanks\n  - drain sump\n  - set selector\n- Engine\n";
    let found = chunks(document, 45, 45);
    assert!(found[0].0.starts_with("Before takeoff:\n\n- Fuel\n"), "{found:?}");
    let selector =
        found.iter().find(|(text, _)| text.contains("set selector") && !text.contains("Fuel")).unwrap();
    assert_eq!(selector.1, ["Before takeoff:", "- Fuel"]);
    // A list that would fit alone does not leave its introduction behind, either.
    let document = "Some words come first here.\n\nYou need:\n\n1. a pump\n2. a valve\n3. a hose\n";
    for size in 32..60 {
        let texts = texts(document, size);
        assert!(!texts.iter().any(|text| text.trim_end().ends_with(':')), "{size}: {texts:?}");
    }
}

#[test]
fn what_introduces_code_or_a_table_stays_with_it() {
    for behind in
        ["```sh\ncargo test\n```\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "> It rains.\n", "    cargo test\n"]
    {
        let document = format!("A paragraph of its own.\n\nAs here:\n\n{behind}\nAnd so on.\n");
        let texts = texts(&document, 46);
        assert!(!texts.iter().any(|text| text.trim_end().ends_with(':')), "{texts:?}");
    }
}

#[test]
fn a_list_that_is_over_is_no_context() {
    let document = "Parts:\n\n- a pump\n- a valve\n\nThe text that comes after the list is not part of it.\n\nNor this.\n";
    let found = chunks(document, 32, 32);
    for (text, context) in found.iter().filter(|(text, _)| text.contains("comes") || text.contains("Nor")) {
        assert!(context.is_empty(), "{text:?} under {context:?}");
    }
}

#[test]
fn the_path_is_that_of_the_first_content() {
    let document = "# A\n\n## B\n\n### C\n\n# D\n";
    for size in 5..20 {
        for (text, context) in chunks(document, size, size) {
            if text.trim_start().starts_with("# D") {
                assert!(context.is_empty(), "{text:?} at {size} stands under {context:?}");
            }
        }
    }
}

#[test]
fn a_byte_order_mark_changes_nothing_but_offsets() {
    for document in [
        "# A\n\nText of A.\n\n## B\n\nText of B.\n",
        "---\ntitle: x\n---\n\n# A\n\nText of A.\n\n## B\n\nText of B.\n",
        "1. a\n2. b\n\n# A\n\nSome text.\n",
    ] {
        for size in [14, 20, 30, 200] {
            let plain = chunks(document, size, size);
            let marked = chunks(&format!("\u{feff}{document}"), size + 1, size + 1);
            let contexts = |all: &[(String, Vec<String>)]| {
                all.iter().flat_map(|(_, context)| context.clone()).collect::<Vec<_>>()
            };
            let mut found = contexts(&marked);
            found.dedup();
            assert!(!found.iter().any(|part| part.contains('\u{feff}')), "{found:?}");
            if size == 200 {
                assert_eq!(contexts(&plain), contexts(&marked));
            }
        }
    }
    let found = chunks("\u{feff}# A\n\nText of A.\n\n## B\n\nText of B.\n", 20, 20);
    assert_eq!(found.last().map(|(_, context)| &context[..]), Some(&["# A".to_owned()][..]), "{found:?}");
}

#[test]
fn a_heading_of_several_lines_is_context_in_one() {
    let document = "How the harbour\nwas enlarged\n======\n\nSome text of it.\n\nMore text of it.\n";
    let found = contexts(document, 60);
    assert_eq!(found.last().unwrap(), &["How the harbour was enlarged"]);
}

#[test]
fn display_math_is_no_heading() {
    for (open, close) in [("$$", "$$"), ("\\[", "\\]"), ("\\begin{align}", "\\end{align}")] {
        for under in ["=", "---", "# x", "- y", "+ z"] {
            let document = format!("# Heat\n\n{open}\nQ\n{under}\nmc\n{close}\n\nHere m is the mass.\n");
            for size in [24, 30] {
                for context in contexts(&document, size) {
                    assert!(context.is_empty() || context == ["# Heat"], "{context:?} in {document:?}");
                }
            }
        }
    }
}

#[test]
fn the_rows_of_a_table_can_be_rendered() {
    let rows: String = (0..9).map(|i| format!("{i} | some\n")).collect();
    let config = ChunkConfig::new(40);
    let document = format!("# T\n\na | b\n--|--\n{rows}");
    for chunk in Markdown::new(config).unwrap().chunks(&document).skip(1) {
        let whole = chunk.unwrap().text_with_context().into_owned();
        assert!(whole.starts_with("# T\n\na | b\n--|--\n"), "{whole:?}");
    }
}

#[test]
fn nothing_is_repeated_over_a_heading() {
    let document = "# Cats\n\nThey hunt at dusk.\n\n# Dogs\n\nThey bark.\n";
    for (text, overlap) in with_overlap(document, 46, 20) {
        assert!(!(text.contains("Dogs") && overlap > 0), "{text:?} repeats {overlap}");
    }
    let document =
        "# Cats\n\nThey hunt.\n\n# Dogs\n\nThey bark at night.\nThey bite by day.\nThey sleep at noon.\n";
    for (text, overlap) in with_overlap(document, 52, 45) {
        assert!(
            !text[..overlap].contains("hunt") || !text[overlap..].contains("They b"),
            "{text:?} repeats {overlap}"
        );
    }
}

#[test]
fn blanks_go_with_a_neighbour_that_has_room() {
    let document = "\n\n\nA paragraph that fills it.\n\nAnd one that is longer than that one by far.\n\n\n\n";
    for size in 26..60 {
        let texts = texts(document, size);
        let blank = texts.iter().position(|text| text.trim().is_empty());
        if let Some(blank) = blank {
            let room = |at: usize| texts.get(at).map_or(0, |text| size - text.len());
            let has_room = room(blank + 1).max(blank.checked_sub(1).map_or(0, room)) >= texts[blank].len();
            assert!(!has_room, "{size}: {texts:?}");
        }
    }
}

/// The second heading is too large to be kept with what it leads to.
#[test]
fn blanks_behind_a_heading_that_is_left_go_with_it() {
    for (document, size, first) in [
        ("# A\n\n## B\n\n### A longer one\n\ntext one here.\n", 18, "# A\n\n## B\n\n"),
        ("# A #\n\n## B ##\n\n### `c` *d* [e](f)\n\ntext one here.\n", 18, "# A #\n\n## B ##\n\n"),
    ] {
        let found = texts(document, size);
        assert_eq!(found[0], first, "{found:?}");
        assert!(found.iter().all(|text| !text.trim().is_empty()), "{found:?}");
    }
}

#[test]
fn an_indent_stays_with_its_line_of_code() {
    assert_eq!(
        texts("Next thing:\n\n    code here\n    more code\n", 20),
        ["Next thing:\n\n", "    code here\n", "    more code\n"]
    );
    assert_eq!(texts("Next thing:\n\n\tcode here\n\tmore code\n", 20)[1], "\tcode here\n");
}

#[test]
fn long_lines_are_paragraphs_though_no_blank_line_is_between_them() {
    let line = |n: usize| {
        format!(
            "{n} boats lay in the harbour. {}\n",
            "The tide came in, and went out again. ".repeat(7).trim_end()
        )
    };
    let document = format!("# Harbour\n\n{}", (10..40).map(line).collect::<String>());
    let strategy = Markdown::new(ChunkConfig::new(1000)).unwrap();
    for chunk in strategy.chunks(&document).map(Result::unwrap) {
        let before = &document[..chunk.byte_range().start];
        assert!(before.is_empty() || before.ends_with('\n'), "{:?}", chunk.text());
    }
    // Lines that were wrapped are one paragraph: it is cut between sentences.
    let wrapped = "The tide came in, and went out\nagain, twice. The boats lay in the\nharbour all the while, and nobody\nasked why. ".repeat(30);
    let chunks: Vec<_> = strategy.chunks(&wrapped).map(Result::unwrap).collect();
    for chunk in &chunks[..chunks.len() - 1] {
        assert!(chunk.text().trim_end().ends_with('.'), "{:?}", chunk.text());
    }
}

#[test]
fn a_heading_in_html_is_a_heading() {
    let document = "<h1 align=\"center\">Tool</h1>\n\nIt does things, and more than one.\n\n<h2>Use</h2>\n\nRun it and see. \
                    Yes, it does that.\n";
    let found = chunks(document, 52, 52);
    assert!(found.iter().all(|(text, _)| !text.trim_end().ends_with("</h2>")), "{found:?}");
    assert_eq!(found[1].1, ["Tool"], "{found:?}");
    // Of several, or with more behind it, it is HTML as any other.
    let other = "<h1>One</h1> and <b>more</b>\n\nText that is long enough to be cut in two parts. Yes.\n";
    assert!(contexts(other, 40).iter().all(Vec::is_empty));
    // What a reader sees of it, if that is text.
    let text = "Text that is long enough to be cut in two parts. Yes.\n";
    let linked = format!("<h1><a href=\"/\">Tool</a></h1>\n\n{text}");
    assert_eq!(*contexts(&linked, 40).last().unwrap(), ["Tool"]);
    let picture = format!("<h1><img src=\"a.png\"></h1>\n\n{text}");
    assert!(contexts(&picture, 40).iter().all(Vec::is_empty));
}

#[test]
fn what_opens_a_directive_stays_with_what_is_in_it() {
    for opening in [":::note Title", "::: tip", "!!! note \"Title\"", "??? warning"] {
        let document =
            format!("Some text stands before it here.\n\n{opening}\n\nThe note is here.\n\nMore text.\n");
        for size in 36..60 {
            let found = texts(&document, size);
            let is_left = |text: &String| text.trim_end().ends_with(opening);
            assert!(!found.iter().any(is_left), "{found:?} at {size}");
        }
    }
}

#[test]
fn an_item_that_begins_with_a_heading_is_told_by_it() {
    let document = "- # In item\n\n  Text in the item that is long enough to be cut. Yes it is so.\n- ```\n  a = 1\n  b = 2\n  \
                    c = 3\n  d = 4\n  e = 5\n  f = 6\n  ```\n";
    let found = chunks(document, 40, 40);
    assert_eq!(found[1].1, ["- # In item"], "{found:?}");
    assert!(found.iter().all(|(_, context)| context.iter().all(|part| part != "-")), "{found:?}");
}

#[test]
fn carriage_returns_alone_end_lines() {
    let document = "# A\r\rText of A that is here.\r\r## B\r\rText of B is here.\rIt is long enough.\r";
    assert_eq!(
        chunks(document, 60, 60),
        [
            ("# A\r\rText of A that is here.\r\r".to_owned(), vec![]),
            ("## B\r\rText of B is here.\rIt is long enough.\r".to_owned(), vec!["# A".to_owned()]),
        ]
    );
    // More than is parsed at once.
    let long = format!(
        "# A\r\r{}## B\r\r{}",
        "Some text of A, a line of it.\r\r".repeat(3000),
        "Some text of B.\r\r".repeat(40)
    );
    let found = chunks(&long, 300, 300);
    assert!(found.iter().all(|(text, _)| text.starts_with(['#', 'S'])), "cut between paragraphs");
    assert!(found.iter().any(|(text, context)| text.starts_with("## B") && *context == ["# A"]));
    // A line of more.
    let line = "Some text of A. ".repeat(4000);
    let long = format!("# A\r\r{line}\r\r## B\r\r{}", "Some text of B.\r\r".repeat(40));
    assert_eq!(chunks(&long, 300, 300).last().unwrap().1, ["# A", "## B"]);
}

#[test]
fn a_turn_knows_its_speaker_below_headings() {
    let document = "# Talk\n\n**Anna:** Where were you all day? We looked for you in the house.\n\n**Ben:** At the harbour. The boats \
                    came in late.\n\n**Anna:** You might have said so. Nobody likes to wait.\n\n# End\n\nIt was late by then. That was \
                    all that we have to say of it.\n";
    let found = chunks(document, 50, 50);
    let of = |start: &str| {
        found
            .iter()
            .find(|(text, _)| text.starts_with(start))
            .map(|(_, context)| context.join(" "))
            .unwrap_or_default()
    };
    assert_eq!(of("We looked"), "# Talk **Anna:**", "{found:?}");
    assert_eq!(of("Nobody likes"), "# Talk **Anna:**", "{found:?}");
    assert_eq!(of("That was all"), "# End", "{found:?}");
    assert_eq!(of("# End"), "", "{found:?}");
}
