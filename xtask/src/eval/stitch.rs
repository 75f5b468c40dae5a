//! Documents stitched from parts of others, so that where a subject ends is known.

use super::rng::Rng;

/// A document of segments on different subjects.
pub(super) struct Stitched {
    pub(super) text: String,
    /// Where each segment begins but the first, in characters.
    pub(super) borders: Vec<usize>,
    /// Its length in characters.
    pub(super) chars: usize,
}

/// How paragraphs are put together, within a segment and between segments alike: nothing but the words tells a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// With a blank line between them.
    Paragraphs,
    /// With a space, as one long line.
    Running,
}

/// Characters that a segment should have at least: drawn evenly from these.
const LEAST_CHARS: std::ops::Range<usize> = 250..700;
/// Segments of a document: drawn evenly from these.
const SEGMENTS: std::ops::Range<usize> = 10..20;
/// A title is that of an article where a paragraph of so many characters follows it; else it is a line of a table.
const LEAD_CHARS: usize = 200;

/// An article: its sections, each a list of paragraphs. Headings are left out.
type Article<'a> = Vec<Vec<&'a str>>;

/// `count` documents out of `texts`, the same ones for the same seed.
pub(super) fn stitch(texts: &[&str], count: usize, layout: Layout, seed: u64) -> Vec<Stitched> {
    let articles: Vec<Article<'_>> = texts.iter().flat_map(|text| articles(text)).collect();
    let mut rng = Rng::new(seed);
    let documents = (0..count).map(|_| document(&articles, &mut rng));
    documents.map(|segments| join(&segments, layout)).collect()
}

/// Splits a text into articles at lines as `= Title =` and `# Title`; the text is one article where there are none.
fn articles(text: &str) -> Vec<Article<'_>> {
    let mut articles: Vec<Article<'_>> = Vec::new();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let level = heading(line);
        let lead = lines.peek().is_some_and(|next| next.chars().count() >= LEAD_CHARS);
        if articles.is_empty() || (level == Some(1) && lead) {
            articles.push(Vec::new());
        }
        let Some(article) = articles.last_mut() else { continue };
        if level.is_some() || article.is_empty() {
            article.push(Vec::new());
        }
        if let (None, Some(section)) = (level, article.last_mut()) {
            section.push(line);
        }
    }
    for article in &mut articles {
        article.retain(|section| !section.is_empty());
    }
    articles.retain(|article| !article.is_empty());
    articles
}

/// The level of a heading, the largest 1.
fn heading(line: &str) -> Option<usize> {
    let count =
        |mark: char| line.split(' ').take_while(|word| word.starts_with(mark) && word.len() == 1).count();
    let hashes = line.chars().take_while(|char| *char == '#').count();
    if (1..=6).contains(&hashes) && line[hashes..].starts_with(' ') {
        return Some(hashes);
    }
    Some(count('=')).filter(|level| *level > 0 && line.len() > 2 * level && line.ends_with('='))
}

/// Segments of paragraphs: neighbours are of different articles, and no paragraph comes twice.
fn document<'a>(articles: &[Article<'a>], rng: &mut Rng) -> Vec<Vec<&'a str>> {
    let wanted = SEGMENTS.start + rng.below(SEGMENTS.len());
    let mut segments: Vec<Vec<&str>> = Vec::new();
    let mut used = std::collections::HashSet::new();
    let mut before = usize::MAX;
    // Most draws succeed; the bound is for texts too short to give what is wanted.
    for _ in 0..100 * wanted {
        if segments.len() == wanted {
            break;
        }
        let at = rng.below(articles.len());
        let Some(article) = articles.get(at).filter(|_| at != before) else { continue };
        let section = &article[rng.below(article.len())];
        let least = LEAST_CHARS.start + rng.below(LEAST_CHARS.len());
        let mut chars = 0;
        let mut segment = Vec::new();
        for paragraph in &section[rng.below(section.len())..] {
            if chars >= least || used.contains(&paragraph.as_ptr()) {
                break;
            }
            chars += paragraph.chars().count();
            segment.push(*paragraph);
        }
        if chars >= LEAST_CHARS.start {
            used.extend(segment.iter().map(|paragraph| paragraph.as_ptr()));
            segments.push(segment);
            before = at;
        }
    }
    segments
}

fn join(segments: &[Vec<&str>], layout: Layout) -> Stitched {
    let between = match layout {
        Layout::Paragraphs => "\n\n",
        Layout::Running => " ",
    };
    let mut stitched = Stitched { text: String::new(), borders: Vec::new(), chars: 0 };
    for segment in segments {
        if stitched.chars > 0 {
            stitched.borders.push(stitched.chars + between.len());
        }
        for paragraph in segment {
            if stitched.chars > 0 {
                stitched.text += between;
                stitched.chars += between.len();
            }
            stitched.text += paragraph;
            stitched.chars += paragraph.chars().count();
        }
    }
    stitched
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Articles whose every word names them.
    fn texts() -> Vec<String> {
        let article = |name: &str| {
            let paragraph = |at: usize| format!(" {name}{at} {}\n", format!("{name}ä ").repeat(60));
            let section =
                |at: usize| format!(" = = Part {at} = = \n{}{}", paragraph(2 * at), paragraph(2 * at + 1));
            format!(" = {name} = \n{}{}", paragraph(99), (0..20).map(section).collect::<String>())
        };
        vec![["ant", "bee", "cow"].map(article).concat(), article("dog").replace(" = dog = ", "")]
    }

    #[test]
    fn a_text_is_taken_apart_at_its_headings() {
        let texts = texts();
        let found = articles(&texts[0]);
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].len(), found[0][0].len(), found[0][1].len()), (21, 1, 2));
        assert_eq!(articles("one\n\ntwo"), [[["one", "two"]]]);
        // A title in a table is none.
        assert_eq!(articles(" = Points ; A = \n Pts \n").len(), 1);
        assert_eq!(
            ["= A =", "= = B = =", "## C", "#tag", "= b", "a = b ="].map(heading),
            [Some(1), Some(2), Some(2), None, None, None]
        );
    }

    #[test]
    fn borders_are_where_the_subject_changes() {
        let texts = texts();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for layout in [Layout::Paragraphs, Layout::Running] {
            for document in stitch(&texts, 5, layout, 3) {
                let chars: Vec<char> = document.text.chars().collect();
                assert_eq!(chars.len(), document.chars);
                assert!(
                    SEGMENTS.contains(&(document.borders.len() + 1)),
                    "{} borders",
                    document.borders.len()
                );
                let mut starts = vec![0];
                starts.extend(&document.borders);
                starts.push(chars.len());
                let subjects: Vec<String> = starts
                    .windows(2)
                    .map(|pair| {
                        let segment: String = chars[pair[0]..pair[1]].iter().collect();
                        let subject = segment[..3].to_owned();
                        assert!(
                            segment.split_whitespace().all(|word| word.starts_with(&subject)),
                            "{segment}"
                        );
                        subject
                    })
                    .collect();
                assert!(subjects.windows(2).all(|pair| pair[0] != pair[1]), "{subjects:?}");
                assert_eq!(document.text.contains('\n'), layout == Layout::Paragraphs);
            }
        }
    }
}
