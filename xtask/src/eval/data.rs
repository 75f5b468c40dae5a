//! The data: documents, questions, and the ranges that answer them.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::csv;
use crate::error::XtaskError;
use crate::workspace;

/// What a folder must hold, for an error.
const WANTED: &str = "a folder with questions.csv (columns question, references, corpus_id; references is a JSON list of \
    {content, start_index, end_index} in characters) and a CORPUS.md for each corpus_id";

/// Documents and questions about them.
pub(super) struct Data {
    /// What the set is called.
    pub(super) name: &'static str,
    pub(super) folder: PathBuf,
    pub(super) documents: Vec<Document>,
    pub(super) questions: Vec<Question>,
    /// What questions are told apart by.
    pub(super) groups: Vec<String>,
    /// References that there are, and those whose content is not what stands there; their questions are left out.
    pub(super) references: usize,
    pub(super) mismatches: usize,
}

pub(super) struct Document {
    /// What questions call it.
    pub(super) name: String,
    /// Its file, in the set's folder.
    pub(super) file: String,
    pub(super) text: String,
    /// Its length in characters.
    pub(super) chars: usize,
}

pub(super) struct Question {
    pub(super) text: String,
    /// Which document answers it.
    pub(super) document: usize,
    /// Which of the set's groups it belongs to.
    pub(super) group: usize,
    /// Where, in characters.
    pub(super) references: Vec<Range<usize>>,
}

impl Data {
    /// From `folder`, or from where it stands beside a checkout.
    pub(super) fn read(folder: Option<PathBuf>) -> Result<Self, XtaskError> {
        let folder = match folder {
            Some(folder) => folder,
            None => workspace::root().join("../shared/eval"),
        };
        let path = folder.join("questions.csv");
        let folder = folder.canonicalize().ok().filter(|_| path.is_file()).ok_or_else(|| {
            XtaskError::failed(format!(
                "{} is not there; name the data with `--data DIR`, or ask with `--set dependencies` what needs none: \
                 {WANTED}",
                path.display()
            ))
        })?;
        let text = std::fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
        Data::empty("given", folder).with_questions(&text)
    }

    pub(super) fn empty(name: &'static str, folder: PathBuf) -> Self {
        let (documents, questions, groups) = (Vec::new(), Vec::new(), Vec::new());
        Data { name, folder, documents, questions, groups, references: 0, mismatches: 0 }
    }

    /// The places of each group's questions.
    pub(super) fn by_group(&self) -> Vec<(String, Vec<usize>)> {
        let of = |group: usize| {
            let places =
                self.questions.iter().enumerate().filter(move |(_, question)| question.group == group);
            places.map(|(at, _)| at).collect()
        };
        self.groups.iter().enumerate().map(|(group, name)| (name.clone(), of(group))).collect()
    }

    fn with_questions(mut self, text: &str) -> Result<Self, XtaskError> {
        let mut records = csv::records(text).into_iter();
        let header = records.next().unwrap_or_default();
        let column = |name: &str| {
            let found = header.iter().position(|column| column == name);
            found.ok_or_else(|| {
                XtaskError::failed(format!("questions.csv has no column {name}; wanted: {WANTED}"))
            })
        };
        let columns = [column("question")?, column("references")?, column("corpus_id")?];
        // Characters, to look references up in; only needed here.
        let mut chars: Vec<Vec<char>> = Vec::new();
        for record in records {
            let [Some(question), Some(references), Some(corpus)] = columns.map(|column| record.get(column))
            else {
                return Err(XtaskError::failed(format!(
                    "questions.csv has a line with {} fields",
                    record.len()
                )));
            };
            let known = self.documents.iter().position(|document| document.name == *corpus);
            let document = known.unwrap_or(self.documents.len());
            if known.is_none() {
                let document = read_document(&self.folder, corpus)?;
                chars.push(document.text.chars().collect());
                self.groups.push(document.name.clone());
                self.documents.push(document);
            }
            let references: Vec<Reference> = parse(references)?;
            let wrong = references.iter().filter(|reference| !reference.stands_in(&chars[document])).count();
            self.references += references.len();
            self.mismatches += wrong;
            if wrong == 0 {
                let references = references.into_iter().map(|reference| reference.range).collect();
                let text = question.clone();
                self.questions.push(Question { text, document, group: document, references });
            }
        }
        if self.questions.is_empty() {
            return Err(XtaskError::failed("no question has references that stand where they say"));
        }
        Ok(self)
    }
}

struct Reference {
    content: String,
    range: Range<usize>,
}

impl Reference {
    fn stands_in(&self, document: &[char]) -> bool {
        let there = document.get(self.range.clone());
        there.is_some_and(|there| !there.is_empty() && there.iter().copied().eq(self.content.chars()))
    }
}

fn parse(references: &str) -> Result<Vec<Reference>, XtaskError> {
    let list: Vec<Value> = serde_json::from_str(references)
        .map_err(|source| XtaskError::Json { what: "questions.csv", source })?;
    let index = |value: &Value| value.as_u64().and_then(|index| usize::try_from(index).ok());
    let references = list.iter().map(|value| {
        let (start, end) = (index(&value["start_index"])?, index(&value["end_index"])?);
        Some(Reference { content: value["content"].as_str()?.to_owned(), range: start..end })
    });
    let all: Option<Vec<Reference>> = references.collect();
    all.ok_or_else(|| XtaskError::failed(format!("questions.csv has other references than wanted: {WANTED}")))
}

fn read_document(folder: &Path, name: &str) -> Result<Document, XtaskError> {
    let file = format!("{name}.md");
    let path = folder.join(&file);
    let text = std::fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
    Ok(Document { name: name.to_owned(), file, chars: text.chars().count(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_looked_up_in_characters_and_wrong_ones_are_left_out() {
        let folder = std::env::temp_dir().join(format!("semantik-xtask-data-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("äh.md"), "Ä – right? Yes.").unwrap();
        let reference = |content: &str, start: usize, end: usize| {
            format!(
                "\"[{{\"\"content\"\": \"\"{content}\"\", \"\"start_index\"\": {start}, \"\"end_index\"\": {end}}}]\""
            )
        };
        let text = format!(
            "question,references,corpus_id\nA?,{},äh\nB?,{},äh\nC?,{},äh\n",
            reference("right?", 4, 10),
            reference("right?", 5, 11),
            reference("s.", 13, 99)
        );
        std::fs::write(folder.join("questions.csv"), text).unwrap();
        let data = Data::read(Some(folder.clone())).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((data.references, data.mismatches, data.questions.len()), (3, 2, 1));
        assert_eq!((data.documents[0].chars, &data.questions[0].references[0]), (15, &(4..10)));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_what_it_must_hold() {
        let error = Data::read(Some("no/such/folder".into())).err().unwrap().to_string();
        assert!(error.contains("no/such/folder") && error.contains("corpus_id"), "{error}");
    }
}
