//! What recursive promises of plain text beyond what every strategy does.

use chunk_strategies::{ChunkConfig, Recursive};

fn texts(document: &str, size: usize) -> Vec<String> {
    let strategy = Recursive::new(ChunkConfig::new(size)).unwrap();
    strategy.chunks(document).map(|chunk| chunk.unwrap().text().to_owned()).collect()
}

#[test]
fn a_heading_of_plain_text_stays_with_what_follows() {
    let text = "The Seller sells the goods. The Buyer buys them, and pays.\n\n";
    for heading in [
        "ARTICLE 2. SALE\n\n",
        "Chapter 3\n\n",
        "3. Results\n\n",
        "PART II\n\nChapter 3\n\n",
        "\u{a7} 433 Duties\n\n",
        "== History ==\n\n",
        "第三章\n\n",
        "They need:\n\n",
        "Chapter 3\r\n\r\n",
        "Chapter 3\n\n\n",
    ] {
        let document = format!("{text}{text}{heading}{text}{text}");
        for size in 80..300 {
            for chunk in texts(&document, size) {
                let is_left = chunk.trim_end().ends_with(heading.trim_end()) && !document.ends_with(&chunk);
                let room = size >= heading.chars().count() + text.len();
                assert!(!(is_left && room), "{chunk:?} at {size}");
            }
        }
    }
}

/// The lines above a heading may end without a mark as it does.
#[test]
fn a_heading_is_told_from_the_last_line_of_what_comes_before() {
    let text = "The Seller sells the goods. The Buyer buys them, and pays for it all in time.\n\n".to_owned();
    let list = "1. Install the pump\n2. Open the valve\n3. Close the lid\n\n";
    let document = format!("{}{list}Maintenance\n\n{}", text.repeat(2), text.repeat(3));
    let found = texts(&document, 250);
    assert!(found[0].ends_with(list), "{found:?}");
    assert!(found[1].starts_with("Maintenance\n\nThe Seller"), "{found:?}");
}

#[test]
fn what_is_no_heading_is_left_where_it_is() {
    // Paragraphs of one line, and lines by themselves.
    for line in ["It was late.\n\n", "and went on\n\n", "- a pump\n\n", "A pump\n\n", "\"Yes!\"\n\n"] {
        let document = line.repeat(60);
        let size = line.len() * 5;
        let found = texts(&document, size);
        assert!(found.iter().all(|chunk| chunk.len() == size), "{found:?}");
    }
    // A chunk is not made small for it.
    let long = "word ".repeat(30);
    let found = texts(&format!("Title\n\n{long}\n\n"), 100);
    assert!(found[0].starts_with("Title\n\nword"), "{found:?}");
}

/// In code without blanks they belong to what follows.
#[test]
fn no_chunk_of_minified_code_ends_with_an_exclamation_mark_or_a_question_mark() {
    let pieces =
        ["if(!a)return;", "b=c?d:e;", "f!==g&&h();", "x=!!y;", "z=a?.b??c;", "q={i:!0,j:!1};", "r=s=>!t(s);"];
    let mut text = String::new();
    for at in 0..900_usize {
        text += pieces[at.wrapping_mul(at + 3) / 7 % pieces.len()];
    }
    for size in [60, 80, 200, 500] {
        let plain = Recursive::new(ChunkConfig::new(size)).unwrap();
        for strategy in [plain.clone(), plain.anchored()] {
            for chunk in strategy.chunks(&text) {
                let chunk = chunk.unwrap();
                assert!(!chunk.text().ends_with(['!', '?']), "{size}: {:?}", chunk.text());
            }
        }
    }
}
