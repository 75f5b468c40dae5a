//! What stands for what follows it in plain text: speakers, headers of rows, pages.

use chunk_strategies::{Chars, Chunk, ChunkConfig, DocumentKind, Hierarchical, Hybrid, Recursive, Semantic};

use crate::letter_counts::LetterCounts;
use crate::pieces::Pieces;

fn config(size: usize) -> ChunkConfig<Chars> {
    ChunkConfig::new(size)
}

fn told<'d>(
    chunks: impl Iterator<Item = Result<Chunk<'d>, chunk_strategies::ChunkError>>,
) -> Vec<(String, Vec<String>)> {
    let context = |chunk: &Chunk<'_>| chunk.context().iter().map(|part| part.text().to_owned()).collect();
    chunks.map(|chunk| chunk.unwrap()).map(|chunk| (chunk.text().to_owned(), context(&chunk))).collect()
}

const TRANSCRIPT: &str = "ANNA: Where were you all day? We looked for you in the house and by the river, and nobody had seen you.\n\
BEN: At the harbour. The boats came in late, and there was a lot to carry up to the sheds before dark.\n\
ANNA: You might have said so.\nNobody likes to wait.\n";

#[test]
fn what_follows_in_a_turn_knows_its_speaker() {
    for size in [30, 45, 60, 80] {
        let mut speaker = String::new();
        for (text, context) in told(Recursive::new(config(size)).unwrap().chunks(TRANSCRIPT)) {
            let begins = text.starts_with("ANNA:") || text.starts_with("BEN:");
            let expected: &[String] = if begins { &[] } else { std::slice::from_ref(&speaker) };
            assert_eq!(context, expected, "{text:?} at {size}");
            let last = text.lines().rfind(|line| line.starts_with("ANNA:") || line.starts_with("BEN:"));
            if let Some(line) = last {
                speaker = line.split_inclusive(':').next().unwrap().to_owned();
            }
        }
    }
}

#[test]
fn a_reader_and_anchors_tell_the_same_speakers() {
    let text = TRANSCRIPT.repeat(40);
    for strategy in [
        Recursive::new(config(70)).unwrap(),
        Recursive::new(config(70)).unwrap().anchored(),
        Recursive::new(config(70)).unwrap().with_context_counted(),
    ] {
        let mut reader = strategy.chunk_reader(Pieces::of(&text, 64)).with_segment(100);
        for chunk in strategy.chunks(&text) {
            assert_eq!(reader.next_chunk().unwrap().unwrap(), chunk.unwrap());
        }
        assert!(reader.next_chunk().is_none());
    }
}

#[test]
fn c3_bounded_with_labels_counted() {
    let strategy = Recursive::new(config(50)).unwrap().with_context_counted();
    let chunks: Vec<_> = strategy.chunks(TRANSCRIPT).map(|chunk| chunk.unwrap()).collect();
    assert!(chunks.iter().any(|chunk| !chunk.context().is_empty()));
    assert!(chunks.iter().all(|chunk| chunk.text_with_context().chars().count() <= 50));
    let rows = Recursive::new(config(50)).unwrap().of_rows().with_context_counted();
    let text = format!("id,city\n{}", "1,Oslo\n".repeat(30));
    assert!(rows.chunks(&text).all(|chunk| chunk.unwrap().text_with_context().len() <= 50));
}

#[test]
fn prose_has_no_speakers() {
    let text =
        "It was late. He said: go home. Nobody went, and the rain came down on the roofs of the town.\n"
            .repeat(9);
    assert!(
        told(Recursive::new(config(60)).unwrap().chunks(&text)).iter().all(|(_, context)| context.is_empty())
    );
}

#[test]
fn rows_stand_under_their_header() {
    let rows = "id,city\n1,Oslo\n2,Rome\n3,Lyon\n";
    let found = told(Recursive::new(config(16)).unwrap().of_rows().chunks(rows));
    let header = vec!["id,city".to_owned()];
    assert_eq!(
        found,
        [("id,city\n1,Oslo\n".to_owned(), vec![]), ("2,Rome\n3,Lyon\n".to_owned(), header.clone())]
    );
    // A quoted value may have line ends in it, and tabs part values as well as commas.
    let rows = "\u{feff}id\ttext\r\n1\t\"one\r\ntwo\"\r\n2\t\"three\"\r\n3\tfour\r\n";
    for (text, context) in told(Recursive::new(config(20)).unwrap().of_rows().chunks(rows)).iter().skip(1) {
        assert_eq!(context, &["id\ttext"], "{text:?}");
        assert!(text.starts_with(|c: char| c.is_ascii_digit()), "{text:?}");
    }
    let hybrid = Hybrid::new(config(16)).unwrap();
    let found = told(hybrid.chunks_as(DocumentKind::Rows, "id,city\n1,Oslo\n2,Rome\n3,Lyon\n"));
    assert_eq!(found[1].1, header);
    assert!(told(Recursive::new(config(16)).unwrap().of_rows().chunks("")).is_empty());
}

#[test]
fn a_form_feed_is_a_boundary_above_paragraphs() {
    let text = "The first page has two.\n\nParagraphs, that is.\x0cThe second page.\n\nIt has two as well.\n";
    let chunks: Vec<_> = Recursive::new(config(60))
        .unwrap()
        .chunks(text)
        .map(|chunk| chunk.unwrap().text().to_owned())
        .collect::<Vec<_>>();
    assert!(chunks[0].ends_with('\x0c'), "{chunks:?}");
    let pages = |size| {
        let strategy = Recursive::new(config(size)).unwrap();
        strategy.chunks(text).map(|chunk| chunk.unwrap().page_range()).collect::<Vec<_>>()
    };
    assert_eq!(pages(60), [1..=1, 2..=2]);
    assert_eq!(pages(1000), [1..=2]);
    let anchored = Recursive::new(config(60)).unwrap().anchored();
    let ends: Vec<usize> = anchored.chunks(text).map(|chunk| chunk.unwrap().byte_range().end).collect();
    assert!(ends.contains(&(text.find('\x0c').unwrap() + 1)), "{ends:?}");
    let pages: Vec<_> = Recursive::new(config(20))
        .unwrap()
        .chunks("\x0c\x0cPage three.\x0c\n")
        .map(|chunk| chunk.unwrap().page_range())
        .collect();
    assert_eq!(pages, [3..=3]);
}

#[test]
fn what_is_repeated_is_worth_its_place() {
    let text = "The harbour is calm, and the boats are in. Nobody went out today.\n\nThe wind has turned; the rain is here.\n\n".repeat(20);
    for (size, overlap) in [(90, 30), (120, 45), (200, 60), (70, 10)] {
        let strategy = Recursive::new(config(size).overlap(overlap)).unwrap();
        for chunk in strategy.chunks(&text).map(|chunk| chunk.unwrap()) {
            let repeated = &chunk.text()[..chunk.overlap_bytes()];
            assert!(repeated.is_empty() || !repeated.trim().is_empty(), "{repeated:?}");
            let starts = ["The ", "Nobody ", "and the ", "the rain"];
            assert!(
                repeated.is_empty() || overlap < 20 || starts.iter().any(|start| repeated.starts_with(start)),
                "{repeated:?}"
            );
        }
    }
}

/// Needs the feature: without it such letters are parted anywhere.
#[cfg(feature = "dictionaries")]
#[test]
fn thai_is_cut_between_words() {
    let text = "ฉันรักภาษาไทยมากที่สุดในโลก";
    for size in 9..24 {
        for strategy in
            [Recursive::new(config(size)).unwrap(), Recursive::new(config(size)).unwrap().anchored()]
        {
            let texts: Vec<_> = strategy.chunks(text).map(|chunk| chunk.unwrap().text().to_owned()).collect();
            assert!(texts.iter().all(|text| text.chars().count() > 1), "{size}: {texts:?}");
        }
    }
}

#[test]
fn a_space_without_width_is_a_blank() {
    let text = "ខ្ញុំ\u{200b}ស្រឡាញ់\u{200b}ភាសា\u{200b}ខ្មែរ\u{200b}ណាស់";
    for chunk in Recursive::new(config(9)).unwrap().chunks(text) {
        let chunk = chunk.unwrap();
        assert!(chunk.text().ends_with('\u{200b}') || text.ends_with(chunk.text()), "{:?}", chunk.text());
    }
}

#[test]
fn clauses_of_east_asia_are_cut_in_both_modes() {
    let text = "控制器根据设定值计算输出，执行机构按照输出调节阀门";
    for strategy in [Recursive::new(config(18)).unwrap(), Recursive::new(config(18)).unwrap().anchored()] {
        let first = strategy.chunks(text).next().unwrap().unwrap().text().to_owned();
        assert_eq!(first, "控制器根据设定值计算输出，");
    }
    let character = chunk_strategies::Character::new(config(18)).unwrap();
    assert_eq!(character.chunks(text).next().unwrap().unwrap().text(), "控制器根据设定值计算输出，");
}

#[test]
fn hybrid_tells_the_speakers_that_its_strategies_tell() {
    // As Markdown, as a plain text, and with a part of one that is cut by another strategy before it.
    let turns = TRANSCRIPT.repeat(8);
    let markdown = format!("# Talk\n\n- one\n- two\n\n{}", turns.replace('\n', "\n\n"));
    for (document, kind) in [(&turns, DocumentKind::Unknown), (&markdown, DocumentKind::Markdown)] {
        for (size, counts) in [(45, false), (80, false), (80, true)] {
            let (hybrid, recursive) =
                (Hybrid::new(config(size)).unwrap(), Recursive::new(config(size)).unwrap());
            let of_markdown = chunk_strategies::Markdown::new(config(size)).unwrap();
            let (hybrid, recursive, of_markdown) = if counts {
                (
                    hybrid.with_context_counted(),
                    recursive.with_context_counted(),
                    of_markdown.with_context_counted(),
                )
            } else {
                (hybrid, recursive, of_markdown)
            };
            let expected = match kind {
                DocumentKind::Markdown => told(of_markdown.chunks(document)),
                _ => told(recursive.chunks(document)),
            };
            assert!(expected.iter().filter(|(_, context)| !context.is_empty()).count() > 9, "{expected:?}");
            assert_eq!(told(hybrid.chunks_as(kind, document)), expected);
            let limit = if counts { size } else { usize::MAX };
            for chunk in hybrid.chunks_as(kind, document).map(Result::unwrap) {
                assert!(chunk.text_with_context().chars().count() <= limit);
            }
        }
    }
}

#[test]
fn a_part_that_hybrid_cuts_on_its_own_has_its_turns_under_its_headings() {
    let turn =
        "We were at the harbour all day and the boats came in late one by one and nobody knew ".repeat(9);
    let long: String = (0..6).map(|n| format!("{}: {turn}\n\n", ["ANNA", "BEN"][n % 2])).collect();
    let document = format!("# Talk\n\n{}\n## Long\n\n{long}", "- an item\n".repeat(20));
    let rules = chunk_strategies::HybridRules { line_in_chunks: 0.1, ..Default::default() };
    let hybrid = Hybrid::new(config(200)).unwrap().with_rules(rules).unwrap();
    let chunks: Vec<_> = hybrid.chunks_as(DocumentKind::Markdown, &document).map(Result::unwrap).collect();
    let last = chunks.last().unwrap();
    assert_eq!(last.strategy(), chunk_strategies::Strategy::Character);
    let context: Vec<_> = last.context().iter().map(|part| &document[part.byte_range()]).collect();
    assert_eq!(context, ["# Talk", "## Long", "BEN:"]);
}

#[test]
fn all_that_cut_by_structure_or_meaning_tell_turns() {
    let text = TRANSCRIPT.repeat(4);
    let semantic = Semantic::new(config(70), LetterCounts).unwrap();
    for (text, context) in told(semantic.chunks(&text)) {
        let begins = text.starts_with("ANNA:") || text.starts_with("BEN:");
        assert_eq!(context.len(), usize::from(!begins), "{text:?} under {context:?}");
    }
    for kind in [DocumentKind::Unknown, DocumentKind::Markdown] {
        let hierarchical = Hierarchical::new(config(45), [180, 90]).unwrap();
        let chunks: Vec<_> = hierarchical.chunks_as(kind, &text).map(Result::unwrap).collect();
        for chunk in &chunks {
            let begins = chunk.text().starts_with("ANNA:") || chunk.text().starts_with("BEN:");
            assert_eq!(chunk.context().len(), usize::from(!begins), "{chunk:?}");
            if let Some(part) = chunk.context().first() {
                let before = &text[..chunk.byte_range().start];
                let at = ["ANNA:", "BEN:"].into_iter().filter_map(|name| before.rfind(name)).max();
                assert_eq!(Some(part.byte_range().start), at, "{chunk:?}");
            }
        }
        assert!(chunks.iter().any(|chunk| chunk.level() == Some(2) && !chunk.context().is_empty()));
    }
}

/// The number and the times of a subtitle are said by nobody.
#[test]
fn a_subtitle_begins_with_who_speaks_behind_its_times() {
    let times = |n: usize| format!("00:00:{n:02}.000 --> 00:00:{:02}.500", n + 1);
    let said = "Where were you all day? We looked for you.\nIn the house, and by the river too.";
    for number in [true, false] {
        for label in [|name: &str| format!("{name}: "), |name: &str| format!("<v {name}>")] {
            let cue = |n: usize| {
                let number = if number { format!("{}\n", n + 1) } else { String::new() };
                // Who went on speaking is not named again.
                let name = match n % 4 {
                    0 => label("Anna"),
                    2 => label("Ben"),
                    _ => String::new(),
                };
                format!("{number}{}\n{name}{said}\n\n", times(n))
            };
            let text: String = (0..24).map(cue).collect();
            for (text, context) in told(Recursive::new(config(100)).unwrap().chunks(&text)) {
                let named = ["Anna", "Ben"].iter().any(|name| text.contains(name));
                assert_eq!(context.len(), usize::from(!named), "{text:?} under {context:?}");
            }
        }
    }
}

#[test]
fn rows_end_with_carriage_returns_alone_in_old_files() {
    let rows = "id,city\r1,Oslo\r2,\"Ro\rme\"\r3,Lyon\r4,Bern\r5,Wien\r";
    for size in 17..30 {
        let strategy = Recursive::new(config(size)).unwrap().of_rows();
        for (text, context) in told(strategy.chunks(rows)).iter().skip(1) {
            assert_eq!(context, &["id,city"], "{text:?}");
            assert!(
                text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with('\r'),
                "{text:?} at {size}"
            );
        }
    }
    // Of other files the window may end within a line's end.
    let rows = "id,city\r\n1,Oslo\r\n2,Rome\r\n".repeat(9);
    for size in 9..40 {
        for (text, _) in told(Recursive::new(config(size)).unwrap().of_rows().chunks(&rows)) {
            assert!(text.ends_with("\r\n"), "{text:?} at {size}");
        }
    }
}

/// A value may have line ends of another kind in it.
#[test]
fn a_line_feed_in_a_value_ends_no_row_of_an_old_file() {
    let rows = "id,t\r1,\"a\nb\"\r2,c\r3,\"d\ne\"\r4,f\r5,\"g\nh\"\r";
    for size in 9..30 {
        for (text, _) in told(Recursive::new(config(size)).unwrap().of_rows().chunks(rows)) {
            assert!(text.ends_with('\r'), "{text:?} at {size}");
        }
    }
}

/// A heading ends a turn however it is written.
#[test]
fn a_turn_does_not_reach_over_a_heading() {
    let end =
        "It was late by then, and all went home. That was all that we have to say of it. Nobody knew more.\n";
    for heading in
        ["# End\n", "End\n===\n", "End\n-----\n", "The end\nof it\n======\n", "<h2>End</h2>\n", "  ## End\n"]
    {
        let turns = "**Anna:** Where were you all day? We looked for you.\n\n**Ben:** At the harbour.\n\n";
        let document = format!("# Talk\n\n{turns}{turns}{heading}\n{end}");
        for size in 30..90 {
            let markdown = chunk_strategies::Markdown::new(config(size)).unwrap();
            for (text, context) in told(markdown.chunks(&document)) {
                let is_over = document.find(heading) <= document.find(&text);
                let has_turn = context.iter().any(|part| part.starts_with("**"));
                assert!(!(is_over && has_turn), "{text:?} under {context:?} at {size}");
            }
        }
        let recursive = Recursive::new(config(40)).unwrap();
        let found = told(recursive.chunks(&document));
        assert!(heading.starts_with("  ") || found.last().unwrap().1.is_empty(), "{found:?}");
    }
}

/// Dashes under what is said are a break in it, or part two turns.
#[test]
fn a_line_of_dashes_under_speech_ends_no_turn() {
    for line in ["--", "---", "-----"] {
        let text = format!(
            "ANNA: Where were you?\nBEN: Here.\nANNA: We looked for you all day.\n{line}\nNobody had seen you.\n\nAnd now\nthis.\n"
        );
        let found = told(Recursive::new(config(40)).unwrap().chunks(&text));
        assert_eq!(found.last().unwrap().1, ["ANNA:"], "{found:?}");
    }
}

/// In what people ask a model for there is code, which has colons and comments.
#[test]
fn code_within_a_turn_neither_begins_nor_ends_one() {
    let code = "```python\n# read it\ndef read(path):\n    \"\"\"Reads.\n\nArgs:\n    path: where it is, of which nothing is known.\n\"\"\"\n```\n";
    let turn = format!(
        "**User:** How is it read?\n\n**Assistant:** So:\n\n{code}\nNote: it may fail where nothing is there to be read.\n\n"
    );
    let document = turn.repeat(4);
    for size in [50, 70, 120] {
        let strategy = chunk_strategies::Markdown::new(config(size)).unwrap();
        for (text, context) in told(strategy.chunks(&document)) {
            let speaker = context.iter().find(|part| part.ends_with(":**")).map(String::as_str);
            let expected = (!text.trim_start().starts_with("**")).then_some("**Assistant:**");
            assert_eq!(speaker, expected, "{text:?} under {context:?} at {size}");
        }
        for (text, context) in told(Recursive::new(config(size)).unwrap().chunks(&document)) {
            let expected: &[&str] = if text.starts_with("**") { &[] } else { &["**Assistant:**"] };
            assert_eq!(context, expected, "{text:?} at {size}");
        }
    }
}

/// Of a fence that is left open nobody knows the end, and a wrong speaker is worse than none.
#[test]
fn a_fence_that_does_not_close_hides_no_turns() {
    let said = "It is done so, and that is all there is to it.";
    for code in [
        "```npm install```",
        "``` make ``` and so on",
        "````\n```\n````",
        "~~~\n```\n~~~",
        "```sh\nmake",
        "~~~\nmake",
    ] {
        for (user, assistant) in [("User:", "Assistant:"), ("**User:**", "**Assistant:**")] {
            let turn =
                format!("{user} How?\n\n{code}\n\n{assistant} {said} {said}\n\n{user} {said} {said}\n\n");
            let start = format!("{user} {said}\n\n{assistant} {said}\n\n").repeat(2);
            let text = format!("{start}{}", turn.repeat(8));
            let mut told_any = 0;
            let mut speaker = "";
            for (text, context) in told(Recursive::new(config(60)).unwrap().chunks(&text)) {
                if let Some(last) = [user, assistant]
                    .into_iter()
                    .filter(|name| text.contains(name))
                    .max_by_key(|name| text.rfind(name))
                {
                    let is_first = text.starts_with(user) || text.starts_with(assistant);
                    assert!(
                        context.is_empty() || (!is_first && context == [speaker]),
                        "{text:?} under {context:?}"
                    );
                    speaker = last;
                    continue;
                }
                assert!(context.is_empty() || context == [speaker], "{text:?} under {context:?} of {code:?}");
                told_any += context.len();
            }
            assert!(told_any >= 16, "{told_any} of {code:?}");
        }
    }
}

#[test]
fn turns_are_told_whatever_ends_a_line() {
    let of = |end: &str| {
        let text = TRANSCRIPT.replace('\n', end);
        let found = told(Recursive::new(config(60)).unwrap().chunks(&text));
        found.into_iter().map(|(_, context)| context).collect::<Vec<_>>()
    };
    assert!(of("\n").iter().any(|context| !context.is_empty()));
    assert_eq!(of("\r"), of("\n"));
    let marked = format!("\u{feff}{TRANSCRIPT}");
    let found = told(Recursive::new(config(61)).unwrap().chunks(&marked));
    assert_eq!(found[1].1, ["ANNA:"], "{found:?}");
}

/// Of a long transcript what comes before the last chunk is given up, whose first word may be a label.
#[test]
fn c5_a_reader_knows_the_speaker_of_a_turn_that_begins_a_chunk() {
    let text = TRANSCRIPT.repeat(200);
    for size in [30, 45, 70] {
        let strategy = Recursive::new(config(size)).unwrap();
        let mut reader = strategy.chunk_reader(Pieces::of(&text, 64)).with_segment(1);
        for chunk in strategy.chunks(&text) {
            assert_eq!(reader.next_chunk().unwrap().unwrap(), chunk.unwrap(), "at {size}");
        }
        assert!(reader.next_chunk().is_none());
    }
}

/// Of files that were put together, some byte order marks stand within the document, where they begin no line.
#[test]
fn c5_a_byte_order_mark_within_a_document_begins_no_line() {
    let turn = |n: usize| format!("BEN: {}\u{feff}ANNA: Yes, it was. Nobody came\n", "x".repeat(n));
    let text = format!("{TRANSCRIPT}{}", (0..60).map(turn).collect::<String>());
    for size in 20..40 {
        let strategy = Recursive::new(config(size)).unwrap();
        let mut reader = strategy.chunk_reader(Pieces::of(&text, 64)).with_segment(1);
        for chunk in strategy.chunks(&text) {
            assert_eq!(reader.next_chunk().unwrap().unwrap(), chunk.unwrap(), "at {size}");
        }
    }
}

/// Behind many blanks there is a long heading.
#[test]
fn c5_a_reader_sees_the_heading_that_ends_a_turn() {
    for length in [900, 1000, 1016, 1017, 1018, 1019, 1020] {
        let heading = format!("{}x", "word ".repeat(length));
        let heading = &heading[heading.len() - length..];
        let text = format!("{TRANSCRIPT}{}{heading}\n=====\n\nThat was all.\n", "\n".repeat(4050));
        let strategy = Recursive::new(config(30)).unwrap();
        let mut reader = strategy.chunk_reader(Pieces::of(&text, 64)).with_segment(1);
        for chunk in strategy.chunks(&text) {
            assert_eq!(reader.next_chunk().unwrap().unwrap(), chunk.unwrap(), "of {length}");
        }
        assert!(reader.next_chunk().is_none());
    }
}

/// A label need not come again at the document's start.
#[test]
fn long_turns_are_told_once_a_label_comes_again() {
    let turn = "We were at the harbour all day, and the boats came in late, one by one. ".repeat(40);
    let text: String = (0..8).map(|n| format!("{}: {turn}\n\n", ["ANNA", "BEN"][n % 2])).collect();
    let strategy = Recursive::new(config(400)).unwrap();
    let found = told(strategy.chunks(&text));
    let last = found.last().unwrap();
    assert_eq!(last.1, ["BEN:"]);
    assert!(found.iter().skip(found.len() / 2).all(|(text, context)| {
        text.starts_with("ANNA:") || text.starts_with("BEN:") || context.len() == 1
    }));
    let mut reader = strategy.chunk_reader(Pieces::of(&text, 64)).with_segment(100);
    for chunk in strategy.chunks(&text) {
        assert_eq!(reader.next_chunk().unwrap().unwrap(), chunk.unwrap());
    }
    // Prose with a note now and then is none.
    let prose: String = (0..40)
        .map(|n| format!("{}{turn}\n\n", ["Note: ", "", "", "", "Example: ", "", ""][n % 7]))
        .collect();
    assert!(told(strategy.chunks(&prose)).iter().all(|(_, context)| context.is_empty()));
}

#[test]
fn a_line_with_a_name_and_a_time_is_a_label() {
    let text = "Talk of Monday\n\n**Anna Berg** (00:12)\nWhere were you all day? We looked for you.\n\n**Ben Lee** (00:15)\nAt the \
                harbour. The boats came in late.\n\n**Anna Berg** (00:19)\nYou might have said so. Nobody likes to wait.\n";
    let found = told(Recursive::new(config(40)).unwrap().chunks(text));
    let of = |start: &str| {
        found.iter().find(|(text, _)| text.contains(start)).map(|(_, context)| context.join(" "))
    };
    assert_eq!(of("We looked").as_deref(), Some("**Anna Berg** (00:12)"), "{found:?}");
    assert_eq!(of("came in late").as_deref(), Some("**Ben Lee** (00:15)"), "{found:?}");
}

#[test]
fn carriage_returns_alone_end_paragraphs() {
    let text =
        "Para one is here.\r\rPara two is here and it is longer. Yes.\rA line.\r\rPara three is all.\r";
    let found = told(Recursive::new(config(60)).unwrap().chunks(text));
    let texts: Vec<&str> = found.iter().map(|(text, _)| &text[..]).collect();
    assert_eq!(
        texts,
        [
            "Para one is here.\r\r",
            "Para two is here and it is longer. Yes.\rA line.\r\r",
            "Para three is all.\r"
        ]
    );
}

#[test]
fn notes_and_blank_lines_before_a_header_are_none() {
    let rows = "1,Oslo\n2,Rome\n3,Lyon\n4,Bern\n";
    for (before, header) in [
        ("# made today\n", "id,city"),
        ("# made today, by hand\r\n# again\r\n", "id,city"),
        ("\n\n", "id,city"),
        ("\u{feff}\r\n", "id,city"),
        ("sep=,\n", "id,city"),
        ("##made by hand\n", "#id,city"),
        ("", "id,\"the\ncity\""),
    ] {
        let text = format!("{before}{header}\n{rows}");
        let strategy = Recursive::new(config(before.len() + header.len() + 8)).unwrap().of_rows();
        let chunks = told(strategy.chunks(&text));
        assert!(chunks.len() > 1, "{text:?}");
        for (part, context) in &chunks[1..] {
            assert_eq!(context, &[header], "{part:?} of {text:?}");
        }
        let mut reader = strategy.chunk_reader(Pieces::of(&text, 4)).with_segment(64);
        for chunk in strategy.chunks(&text) {
            assert_eq!(reader.next_chunk().unwrap().unwrap(), chunk.unwrap());
        }
    }
}

#[test]
fn rows_and_records_are_whole_on_every_level() {
    let text = "id,city\n1,Oslo\n2,Rome\n3,Lyon\n4,Bern\n";
    let strategy = Hierarchical::new(config(16), [24]).unwrap();
    for (part, context) in told(strategy.chunks_as(DocumentKind::Rows, text)) {
        assert!(part.ends_with('\n'), "{part:?}");
        assert_eq!(context.is_empty(), part.starts_with("id,city"), "{part:?}");
    }
    let records = "{\"a\":\"x. Y\"}\n".repeat(6);
    for (part, _) in told(strategy.chunks_as(DocumentKind::Records, &records)) {
        assert!(part.ends_with("}\n") && part.starts_with('{'), "{part:?}");
    }
}

#[test]
fn names_of_scripts_without_capitals_are_labels() {
    for text in [
        "张三：今天天气很好，我们去公园吧。你觉得怎么样？我已经准备好了。\n李四：好啊，我也想去公园走走。几点出发？\n张三：九点出发吧。\n李四：好的。\n",
        "기자: 오늘 날씨가 어떻습니까? 말씀해 주십시오. 감사합니다.\n시민: 아주 좋습니다. 정말 좋습니다. 그렇습니다.\n기자: 감사합니다.\n",
        "المذيع: كيف حالك اليوم؟ هل أنت بخير؟ أخبرنا بكل شيء.\nالضيف: أنا بخير. شكرا لكم. كل شيء على ما يرام.\nالمذيع: شكرا.\n",
    ] {
        let chunks = told(Recursive::new(config(20)).unwrap().chunks(text));
        let first = &text[..text.find([':', '：']).unwrap()];
        assert!(
            chunks[1].1.iter().any(|label| label.starts_with(first)),
            "{:?} should stand under {first:?}",
            chunks[1]
        );
    }
}

/// At sizes that leave room to look at some words on both sides.
#[cfg(feature = "dictionaries")]
#[test]
fn anchors_are_between_words_of_thai() {
    let sentences = [
        "ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอนหรือวรรณยุกต์เช่นเดียวกับภาษาจีน",
        "นักเรียนทุกคนต้องไปโรงเรียนตอนเช้าและกลับบ้านในตอนเย็น",
        "ฝนตกหนักมากเมื่อคืนนี้ทำให้น้ำท่วมถนนหลายสายในเมือง",
    ];
    let order = [0, 1, 2, 1, 0, 2, 2, 1, 0, 0, 2, 1, 1, 2, 0, 1, 0, 0, 1, 2];
    let text: String = order.iter().map(|&at| sentences[at]).collect();
    let ends = |strategy: &Recursive<Chars>| -> Vec<usize> {
        strategy.chunks(&text).map(|chunk| chunk.unwrap().byte_range().end).collect()
    };
    let mut words: Vec<usize> =
        (15..150).flat_map(|size| ends(&Recursive::new(config(size)).unwrap())).collect();
    words.sort_unstable();
    let found: Vec<usize> =
        (150..170).flat_map(|size| ends(&Recursive::new(config(size)).unwrap().anchored())).collect();
    let wrong = found.iter().filter(|end| words.binary_search(end).is_err()).count();
    assert!(wrong * 10 <= found.len(), "{wrong} of {}", found.len());
}
