//! The project's own questions: about Markdown and sources of crates that it depends on, where cargo has put them.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::csv;
use super::data::{Data, Document, Question};
use crate::error::XtaskError;
use crate::{process, workspace};

/// A line for each answer: the crate (with `@` and the beginning of a version, where the lock file has several), the file
/// in it, the question, and an excerpt of the file that answers it. Lines of one question follow one another.
const QUESTIONS: &str = include_str!("../../data/dependencies.csv");
const COLUMNS: [&str; 4] = ["crate", "file", "question", "answer"];
/// For errors: where to mend what does not fit any more.
const REMEDY: &str =
    "mend xtask/data/dependencies.csv, whose excerpts are those of the versions in Cargo.lock";

/// What the groups of questions are called.
const GROUPS: [&str; 2] = ["Markdown", "code"];

/// Finds every document and every answer, and copies the documents into `folder`, so that what is measured names no other
/// folder of this machine.
pub(super) fn read(folder: &Path) -> Result<Data, XtaskError> {
    let packages = packages()?;
    let read = |name: &str, file: &str| read_file(&packages, name, file);
    let data = resolve(QUESTIONS, folder, &read)?;
    for document in &data.documents {
        let path = folder.join(&document.file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(XtaskError::io(parent))?;
        }
        fs::write(&path, &document.text).map_err(XtaskError::io(&path))?;
    }
    Ok(data)
}

/// Everything that does not fit is told at once, since a new version of a crate seldom moves one answer alone.
fn resolve(
    questions: &str,
    folder: &Path,
    read: &dyn Fn(&str, &str) -> Result<String, String>,
) -> Result<Data, XtaskError> {
    let mut data = Data::empty("dependencies", folder.to_owned());
    data.groups = GROUPS.map(str::to_owned).to_vec();
    let mut problems = Vec::new();
    let mut unread: Vec<String> = Vec::new();
    let mut lines = csv::records(questions).into_iter();
    if lines.next().is_none_or(|header| header != COLUMNS) {
        return Err(XtaskError::failed(format!("the first line is not {}; {REMEDY}", COLUMNS.join(","))));
    }
    for (at, line) in lines.enumerate() {
        let Ok([name, file, question, answer]) = <[String; 4]>::try_from(line) else {
            problems.push(format!("answer {}: not {} fields", at + 1, COLUMNS.len()));
            continue;
        };
        // Without the version, so that another one is the same document.
        let called = format!("{}/{file}", name.split('@').next().unwrap_or_default());
        if unread.contains(&called) {
            continue;
        }
        let known = data.documents.iter().position(|document| document.name == called);
        let document = match known.map_or_else(|| read(&name, &file).map(Err), |known| Ok(Ok(known))) {
            Ok(Ok(known)) => known,
            Ok(Err(text)) => {
                let chars = text.chars().count();
                data.documents.push(Document { name: called.clone(), file: called.clone(), chars, text });
                data.documents.len() - 1
            }
            Err(problem) => {
                problems.push(problem);
                unread.push(called);
                continue;
            }
        };
        match find(&data.documents[document].text, &answer) {
            Ok(range) => {
                data.references += 1;
                data.add(question, document, group(&file), range);
            }
            Err(problem) => problems.push(format!("{called}: {question:?}: {problem}")),
        }
    }
    if problems.is_empty() {
        return Ok(data);
    }
    Err(XtaskError::failed(format!("{}\n{REMEDY}", problems.join("\n"))))
}

fn group(file: &str) -> usize {
    let markdown = Path::new(file).extension().is_some_and(|extension| extension == "md");
    usize::from(!markdown)
}

/// Where `answer` stands in `text`, in characters; it has to stand there once.
fn find(text: &str, answer: &str) -> Result<Range<usize>, String> {
    let first: String = answer.chars().take(60).collect();
    let mut places = text.match_indices(answer).map(|(at, _)| at);
    match (answer.is_empty(), places.next(), places.next()) {
        (true, ..) => Err("the answer is empty".to_owned()),
        (_, None, _) => Err(format!("the answer does not occur: {first:?} …")),
        (_, _, Some(_)) => Err(format!("the answer occurs more than once: {first:?} …")),
        (_, Some(at), None) => {
            let start = text[..at].chars().count();
            Ok(start..start + answer.chars().count())
        }
    }
}

/// A crate that the lock file has.
struct Package {
    name: String,
    version: String,
    folder: PathBuf,
}

fn packages() -> Result<Vec<Package>, XtaskError> {
    let mut command = workspace::cargo();
    // What this machine builds with is there; what other systems need may never have been brought.
    command.args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"]);
    let text = process::output(command.arg(workspace::host()?)).map_err(|error| {
        XtaskError::failed(format!("{error}; bring the sources with `cargo fetch --locked`"))
    })?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|source| XtaskError::Json { what: "cargo metadata", source })?;
    let packages = metadata["packages"].as_array().into_iter().flatten().filter_map(|package| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        Some(Package {
            name: package["name"].as_str()?.to_owned(),
            version: package["version"].as_str()?.to_owned(),
            folder: manifest.parent()?.to_owned(),
        })
    });
    Ok(packages.collect())
}

/// A file of a crate; the error names the crate, its version and the file, and no folder.
fn read_file(packages: &[Package], name: &str, file: &str) -> Result<String, String> {
    let (name, version) = name.split_once('@').unwrap_or((name, ""));
    let fits = |package: &&Package| {
        let rest = package.version.strip_prefix(version);
        // 0.4 is not the beginning of 0.40.
        let whole = rest.is_some_and(|rest| version.is_empty() || rest.is_empty() || rest.starts_with('.'));
        package.name == name && whole
    };
    let found: Vec<&Package> = packages.iter().filter(fits).collect();
    match found[..] {
        [] if version.is_empty() => Err(format!("Cargo.lock has no crate {name}")),
        [] => Err(format!("Cargo.lock has no crate {name} {version}")),
        [package] => {
            let read = fs::read_to_string(package.folder.join(file));
            read.map_err(|error| format!("{name} {}: {file} cannot be read: {error}", package.version))
        }
        _ => {
            let versions: Vec<&str> = found.iter().map(|package| &package.version[..]).collect();
            Err(format!("Cargo.lock has {name} {}: name one as {name}@VERSION", versions.join(" and ")))
        }
    }
}

impl Data {
    /// One more range that answers `question`, which is a new one unless it was the last.
    fn add(&mut self, question: String, document: usize, group: usize, range: Range<usize>) {
        match self.questions.last_mut() {
            Some(last) if last.text == question && last.document == document => last.references.push(range),
            _ => self.questions.push(Question { text: question, document, group, references: vec![range] }),
        }
    }
}

#[cfg(test)]
// Lists that hold one range are meant.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_stands_in_the_sources_that_the_lock_file_names() {
        let packages = packages().unwrap();
        let data = resolve(QUESTIONS, Path::new(""), &|name, file| read_file(&packages, name, file));
        let data = data.unwrap_or_else(|error| panic!("{error}"));
        assert!(data.questions.len() >= 60, "{} questions", data.questions.len());
        for (group, name) in GROUPS.iter().enumerate() {
            let count = data.questions.iter().filter(|question| question.group == group).count();
            assert!(count >= 30, "{count} questions about {name}");
        }
        let mut texts: Vec<&str> = data.questions.iter().map(|question| &question.text[..]).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), data.questions.len(), "a question is asked twice");
    }

    #[test]
    fn ranges_are_characters_and_the_lines_of_a_question_are_one() {
        let read = |_: &str, _: &str| Ok("é one é two".to_owned());
        let lines = "crate,file,question,answer\na@1,b.md,Q?,one\na@1,b.md,Q?,two\na@1,b.c,Q?,é one\n";
        let data = resolve(lines, Path::new(""), &read).unwrap();
        let ranges: Vec<_> =
            data.questions.iter().map(|q| (q.document, q.group, &q.references[..])).collect();
        assert_eq!(ranges, [(0, 0, &[2..5, 8..11][..]), (1, 1, &[0..5][..])]);
        assert_eq!((&data.documents[0].file[..], data.references), ("a/b.md", 3));
    }

    #[test]
    fn all_that_does_not_fit_is_named_at_once() {
        let read = |name: &str, file: &str| match name {
            "gone" => Err(format!("no crate {name} for {file}")),
            _ => Ok("a a b".to_owned()),
        };
        let lines =
            "crate,file,question,answer\nx,f.md,Q1?,a\nx,f.md,Q2?,c\nx,f.md,Q3?,\ngone,f.md,Q4?,a\nx,y\n";
        let error = resolve(lines, Path::new(""), &read).err().unwrap().to_string();
        for part in ["Q1?\": the answer occurs more than once", "Q2?\": the answer does not occur: \"c\""] {
            assert!(error.contains(part), "{part}: {error}");
        }
        for part in ["Q3?\": the answer is empty", "no crate gone", "answer 5: not 4 fields", REMEDY] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(resolve("crate,file\n", Path::new(""), &read).is_err());
    }

    #[test]
    fn a_crate_of_several_versions_wants_one_named() {
        let package = |version: &str| Package {
            name: "x".to_owned(),
            version: version.to_owned(),
            folder: Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(),
        };
        let packages = [package("0.4.1"), package("0.40.0")];
        let read = |name: &str| read_file(&packages, name, "Cargo.toml");
        assert!(read("x").unwrap_err().contains("x 0.4.1 and 0.40.0: name one as x@VERSION"));
        assert!(read("x@0.4").is_ok() && read("x@0.40.0").is_ok());
        assert_eq!(read("x@1").unwrap_err(), "Cargo.lock has no crate x 1");
        assert_eq!(read("y").unwrap_err(), "Cargo.lock has no crate y");
        let missing = read_file(&packages, "x@0.4", "no.md").unwrap_err();
        assert!(missing.starts_with("x 0.4.1: no.md cannot be read"), "{missing}");
    }
}
