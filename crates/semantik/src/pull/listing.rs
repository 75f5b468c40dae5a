//! [`Listing`]: what files a model has on a hub.

use serde::Deserialize;

/// A state of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    /// The commit.
    pub(super) commit: String,
    /// Its files whose names are plain, in the hub's order.
    files: Vec<Listed>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its path in the model, its parts joined by `/`.
    pub(super) name: String,
    /// Its bytes, where the hub says.
    pub(super) bytes: Option<u64>,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
}

impl Listing {
    /// Of what a hub answers.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(answer: &str) -> Result<Self, String> {
        let answer: Answer = serde_json::from_str(answer).map_err(|error| error.to_string())?;
        if !is_part(&answer.sha) || !answer.sha.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("its commit is {:?}", answer.sha));
        }
        // A name leads to a file on this machine: what could lead out of its folder is none of ours.
        let plain = answer.siblings.into_iter().filter(|sibling| is_path(&sibling.rfilename));
        let files = plain.map(|sibling| Listed { name: sibling.rfilename, bytes: sibling.size }).collect();
        Ok(Listing { commit: answer.sha, files })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Listed> {
        self.files.iter().find(|file| file.name == name)
    }

    pub(super) fn files(&self) -> &[Listed] {
        &self.files
    }
}

/// Whether it is the path of a file below a folder, in letters that need no escape in a URL.
pub(super) fn is_path(path: &str) -> bool {
    path.len() <= 255 && path.split('/').all(is_part)
}

fn is_part(part: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !part.is_empty() && part != "." && part != ".." && part.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_of_the_folder_is_no_file() {
        let answer = serde_json::json!({
            "sha": "abc123",
            "siblings": [
                {"rfilename": "config.json", "size": 5, "blobId": "x"},
                {"rfilename": "1_Pooling/config.json"},
                {"rfilename": "../../.profile"}, {"rfilename": "/etc/passwd"}, {"rfilename": "a//b"},
                {"rfilename": "a/./b"}, {"rfilename": "a\\b"}, {"rfilename": ""}, {"rfilename": "a b?c"},
            ],
        });
        let listing = Listing::read(&answer.to_string()).unwrap();
        let names: Vec<&str> = listing.files().iter().map(|file| &*file.name).collect();
        assert_eq!(names, ["config.json", "1_Pooling/config.json"]);
        assert_eq!(listing.get("config.json").unwrap().bytes, Some(5));
        for sha in ["", "..", "../x", "a/b"] {
            assert!(
                Listing::read(&serde_json::json!({"sha": sha, "siblings": []}).to_string()).is_err(),
                "{sha}"
            );
        }
        for text in ["", "{}", "<html>", "[1]"] {
            assert!(Listing::read(text).is_err(), "{text}");
        }
    }
}
