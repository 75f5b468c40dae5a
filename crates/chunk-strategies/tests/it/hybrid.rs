//! What hybrid chooses, and that it says so.

use chunk_strategies::{
    Chars, Chunk, ChunkConfig, DocumentKind, EmbedFailure, Embedder, Fallback, Hybrid, HybridRules,
    Recursive, Scope, Strategy, Vectors,
};

use crate::letter_counts::LetterCounts;

fn config(size: usize) -> ChunkConfig<Chars> {
    ChunkConfig::new(size)
}

/// A Markdown document whose second section is plain text about one thing after the other.
fn mixed() -> String {
    let list = "- an item\n- another item\n".repeat(30);
    let subject = |i: usize| {
        let letter = char::from(b'a' + (i % 8) as u8);
        format!("{letter}{letter}{letter}{letter}word and {letter}{letter}{letter}{letter} again. ")
            .repeat(40)
    };
    let topics: String = (0..8).map(subject).collect();
    format!("# Guide\n\n{list}\n## Topics\n\n{topics}\n\n## End\n\n{list}")
}

#[test]
fn sections_get_what_suits_them_and_keep_their_headings() {
    let text = mixed();
    let hybrid = Hybrid::new(config(500)).unwrap().with_embedder(LetterCounts);
    let choices = hybrid.explain_as(DocumentKind::Markdown, &text);
    let strategies: Vec<Strategy> = choices.iter().map(|choice| choice.strategy).collect();
    assert_eq!(strategies, [Strategy::Markdown, Strategy::Semantic, Strategy::Markdown], "{choices:#?}");
    assert_eq!(choices[0].bytes.start, 0);
    assert!(choices.windows(2).all(|pair| pair[0].bytes.end == pair[1].bytes.start));
    assert_eq!(choices[2].bytes.end, text.len());

    let chunks: Vec<Chunk<'_>> =
        hybrid.chunks_as(DocumentKind::Markdown, &text).collect::<Result<_, _>>().unwrap();
    for chunk in &chunks {
        let choice = choices.iter().find(|choice| choice.bytes.contains(&chunk.byte_range().start)).unwrap();
        assert_eq!(chunk.strategy(), choice.strategy);
        assert_eq!(chunk.reason(), Some(&*choice.reason));
        assert!(!chunk.is_fallback());
    }
    let context = |chunk: &Chunk<'_>| -> Vec<String> {
        chunk.context().iter().map(|part| part.text().to_owned()).collect()
    };
    let topics: Vec<_> = chunks.iter().filter(|chunk| chunk.strategy() == Strategy::Semantic).collect();
    assert_eq!(context(topics[0]), ["# Guide"], "its own heading is in its text");
    assert_eq!(context(topics[1]), ["# Guide", "## Topics"]);
    let last = chunks.last().unwrap();
    assert_eq!(context(last), ["# Guide", "## End"]);
    assert_eq!(last.context()[1].byte_range(), text.find("## End").map(|at| at..at + 6).unwrap());
}

#[test]
fn by_document_there_is_one_choice() {
    let text = mixed();
    let hybrid = Hybrid::new(config(500)).unwrap().with_embedder(LetterCounts).with_scope(Scope::Document);
    let choices = hybrid.explain_as(DocumentKind::Markdown, &text);
    assert_eq!((choices.len(), choices[0].strategy), (1, Strategy::Markdown));
}

#[test]
fn what_is_forced_is_taken_and_told() {
    let text = mixed();
    for strategy in [Strategy::Character, Strategy::Recursive, Strategy::Markdown] {
        let hybrid = Hybrid::new(config(500)).unwrap().with_forced(strategy).unwrap();
        let chunks: Vec<Chunk<'_>> = hybrid.chunks(&text).collect::<Result<_, _>>().unwrap();
        assert!(
            chunks.iter().all(|chunk| chunk.strategy() == strategy && chunk.reason() == Some("asked for"))
        );
    }
    let refused = |strategy| Hybrid::new(config(500)).unwrap().with_forced(strategy).unwrap_err();
    for strategy in [Strategy::Semantic, Strategy::Hierarchical, Strategy::Hybrid] {
        assert_eq!(refused(strategy).field(), Some("forced strategy"));
    }
    let rules = HybridRules { markup: 0.0, ..HybridRules::default() };
    assert_eq!(Hybrid::new(config(500)).unwrap().with_rules(rules).unwrap_err().field(), Some("markup"));
}

#[test]
fn markdown_by_section_is_markdown_where_nothing_else_is_chosen() {
    let text =
        "# A\n\nText.\n\n## B\n\n- x\n- y\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n# C\n\nLast.\n".repeat(30);
    let markdown = chunk_strategies::Markdown::new(config(90)).unwrap();
    let hybrid = Hybrid::new(config(90)).unwrap();
    let place = |chunk: Result<Chunk<'_>, _>| {
        let chunk: Chunk<'_> = chunk.unwrap();
        let context: Vec<String> = chunk.context().iter().map(|part| part.text().to_owned()).collect();
        (chunk.byte_range(), chunk.size(), context)
    };
    let expected: Vec<_> = markdown.chunks(&text).map(place).collect();
    let found: Vec<_> = hybrid.chunks(&text).map(place).collect();
    assert_eq!(found, expected);
}

/// C7: a section whose embedder fails is cut all the same, and says so.
#[test]
fn c7_an_embedder_that_fails_is_told() {
    struct Broken;
    impl Embedder for Broken {
        fn dim(&self) -> usize {
            4
        }
        fn embed(&self, _: &[&str]) -> Result<Vectors, EmbedFailure> {
            Err("no device".into())
        }
    }
    let text = mixed();
    let hybrid = Hybrid::new(config(500)).unwrap().with_embedder(Broken);
    let chunks: Vec<Chunk<'_>> =
        hybrid.chunks_as(DocumentKind::Markdown, &text).collect::<Result<_, _>>().unwrap();
    let fallen: Vec<_> = chunks.iter().filter(|chunk| chunk.is_fallback()).collect();
    assert!(!fallen.is_empty() && fallen.len() < chunks.len());
    assert!(fallen.iter().all(|chunk| {
        chunk.strategy() == Strategy::Recursive
            && chunk.reason().is_some_and(|reason| reason.contains("no device"))
    }));
    let covered: usize = chunks.iter().map(|chunk| chunk.text().len() - chunk.overlap_bytes()).sum();
    assert_eq!(covered, text.len());

    let refusing = Hybrid::new(config(500)).unwrap().with_embedder(Broken).with_fallback(Fallback::Refuse);
    let results: Vec<_> = refusing.chunks_as(DocumentKind::Markdown, &text).collect();
    assert!(results.last().unwrap().is_err() && results.iter().filter(|chunk| chunk.is_err()).count() == 1);
}

#[test]
fn names_say_what_a_document_is() {
    assert_eq!(DocumentKind::from_extension("MD"), DocumentKind::Markdown);
    assert_eq!(DocumentKind::from_extension("rs"), DocumentKind::Code);
    assert_eq!(DocumentKind::from_extension("txt"), DocumentKind::Unknown);
}

/// As machines write data and styles.
#[test]
fn a_line_of_data_is_parted_between_its_elements() {
    let record = r#"{"id":1,"name":"User one","bio":"Likes long walks; reads books, old ones. Yes.","tags":["a","b"]},"#;
    let json = format!("{{\"users\":[{}0]}}", record.repeat(40));
    let book = "<book id=\"1\"><title>The book</title><author>Anna Berg, a writer</author><price>1.50</price></book>";
    let xml = format!("<catalog>{}</catalog>", book.repeat(40));
    let css = ".a{color:#fff;margin:0 auto;background:url(x.png) no-repeat}.b>li{display:none}".repeat(40);
    let sql = format!("INSERT INTO t VALUES {}(0);", "(1,'Text of it. More; and, yes','it''s'),".repeat(40));
    let recursive = Recursive::new(config(300)).unwrap();
    for (document, ends) in [(&json, &["},"][..]), (&xml, &["</book>"]), (&css, &["}"]), (&sql, &["),"])] {
        let chunks: Vec<_> = recursive.chunks_as(DocumentKind::Code, document).map(Result::unwrap).collect();
        assert!(chunks.len() > 4);
        for chunk in &chunks[..chunks.len() - 1] {
            assert!(ends.iter().any(|end| chunk.text().ends_with(end)), "{:?}", chunk.text());
            assert!(chunk.size() > 150, "{:?}", chunk.text());
        }
    }
    // In elements that are larger than a chunk, between their parts and not within a string.
    let small = Recursive::new(config(80)).unwrap();
    let chunks: Vec<_> = small.chunks_as(DocumentKind::Code, &json).map(Result::unwrap).collect();
    for pair in chunks.windows(2) {
        assert!(pair[0].text().ends_with(','), "{:?}", pair[0].text());
        assert!(pair[1].text().starts_with(['{', '"', '0']), "{:?}", pair[1].text());
    }
}

/// Code of no known language is cut by lines, and none of its lines is a turn or a sentence.
#[test]
fn code_is_cut_by_lines_and_on_its_syntax_where_that_is_known() {
    let settings = "ANNA:\n  one: 1. Two! Three?\n  list: [\n    4,\n  ]\n\nBEN:\n  two: 2\n";
    let hybrid = Hybrid::new(config(48)).unwrap();
    let recursive = Recursive::new(config(48)).unwrap();
    // Not before the line that closes the list.
    let expected = ["ANNA:\n  one: 1. Two! Three?\n  list: [\n", "    4,\n  ]\n\nBEN:\n  two: 2\n"];
    for chunks in [
        hybrid.chunks_as(DocumentKind::Code, settings).collect::<Result<Vec<_>, _>>().unwrap(),
        hybrid.chunks(settings).collect::<Result<Vec<_>, _>>().unwrap(),
        recursive.chunks_as(DocumentKind::Code, settings).collect::<Result<Vec<_>, _>>().unwrap(),
    ] {
        let texts: Vec<&str> = chunks.iter().map(Chunk::text).collect();
        assert_eq!(texts, expected);
        assert!(chunks.iter().all(|chunk| chunk.context().is_empty()));
    }
    #[cfg(feature = "code")]
    {
        use chunk_strategies::{Code, Language};
        let text = "impl Fox {\n    fn hunt(&self) {}\n\n    fn sleep(&self) {}\n}\n";
        let code = Code::new(config(48), Language::Rust).unwrap();
        let expected = code.chunks(text).collect::<Result<Vec<_>, _>>().unwrap();
        let found = hybrid.chunks_of_code(Language::Rust, text).collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(found, expected);
        assert!(found[0].reason().unwrap().contains("Rust"));
        let forced = Hybrid::new(config(45)).unwrap().with_forced(Strategy::Character).unwrap();
        let chunks = forced.chunks_of_code(Language::Rust, text).collect::<Result<Vec<_>, _>>().unwrap();
        assert!(chunks.iter().all(|chunk| chunk.strategy() == Strategy::Character));
    }
}
