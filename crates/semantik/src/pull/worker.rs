//! [`Worker`]: a model, from the first question to the last link.

use std::fs;
use std::path::Path;
use std::sync::mpsc::Sender;

use embed_burn::{EmbedErrorKind, ModelFolder};
use ureq::http::Uri;

use super::client::Asked;
use super::fault::Fault;
use super::listing::{Listed, Listing};
use super::store::{Store, repo};
use super::transfer::{Brought, Transfer};
use super::wanted::{Folders, MODULES, Unread};
use super::{PullEvent, Pulled, Puller};
use crate::cancel::Cancel;
use crate::error::{Error, ErrorKind};
use crate::model_cache::HubName;

/// Brings one model.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) puller: Puller,
    pub(super) events: Sender<PullEvent>,
    pub(super) cancel: Cancel,
}

/// A model whose files are known.
struct Found<'a> {
    name: &'a str,
    revision: &'a str,
    /// The hub's address.
    home: Uri,
    /// Where people see it.
    page: String,
    listing: Listing,
    store: Store,
}

/// What was brought so far, by the names in the model.
type Files = Vec<(String, Brought)>;

impl Worker {
    pub(super) fn run(&self, asked: &HubName) -> Result<Pulled, Error> {
        let mut first = None;
        for name in &asked.names {
            match self.find(name, &asked.revision) {
                Ok(found) => return self.bring(&found, asked.has_revision),
                // A name without organisation may be one of sentence-transformers, or one of nobody's. Hubs do not say
                // that there is none of a name to those who might not be told of it.
                Err(error) if matches!(error.kind(), ErrorKind::NotOnHub | ErrorKind::Denied) => {
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(first.unwrap_or_else(Error::interrupted))
    }

    fn find<'a>(&self, name: &'a str, revision: &'a str) -> Result<Found<'a>, Error> {
        let api = self.puller.api.repo(repo(name, revision));
        let request = api.info_request().query("blobs", "true");
        let uri = request.uri_ref().cloned().ok_or_else(|| {
            let endpoint = self.puller.place.endpoint.clone().unwrap_or_default();
            Error::value("HF_ENDPOINT", endpoint, "an address that names can be put behind")
        })?;
        let page = api.url("");
        let page = shown(page.split("/resolve/").next().unwrap_or(&page));
        let what = if revision == MAIN { name.to_owned() } else { format!("{name}@{revision}") };
        let about = Asked { what: &what, page: &page, home: &uri };
        let answer = self.puller.client.text(&about, &uri).map_err(|fault| fault.error)?;
        let listing = Listing::read(&answer).map_err(|how| Fault::strange(&what, &uri, &how).error)?;
        let store = Store::new(&self.puller.place.cache, repo(name, revision));
        Ok(Found { name, revision, home: uri, page, listing, store })
    }

    fn bring(&self, found: &Found<'_>, has_revision: bool) -> Result<Pulled, Error> {
        let unread = |Unread(why)| unread(found, &why);
        let mut files = Files::new();
        let modules = match found.listing.get(MODULES) {
            Some(listed) => {
                self.bring_all(found, &[listed], &mut files)?;
                Some(text(&files, MODULES)?)
            }
            None => None,
        };
        let folders = Folders::of(modules.as_deref()).map_err(unread)?;
        let small = folders.small(&found.listing).map_err(unread)?;
        // As far as they are known yet: an index is read before its parts are.
        self.tell_listed(&small);
        self.bring_all(found, &small, &mut files)?;
        let read = |name: &str| text(&files, name).map_err(Stopped::By);
        let weights = folders.weights(&found.listing, read).map_err(|stopped: Stopped| match stopped {
            Stopped::By(error) => error,
            Stopped::Unread(why) => unread(why),
        })?;
        self.tell_listed(&[&small[..], &weights].concat());
        look(found, &files)?;
        self.bring_all(found, &weights, &mut files)?;

        // Only what is whole is found by its name.
        let commit = &found.listing.commit;
        let path = found.store.snapshot(commit);
        for (name, brought) in &files {
            found.store.link(&brought.blob, &path, name)?;
        }
        if found.revision != commit {
            found.store.refer(commit)?;
        }
        ModelFolder::open(&path)?;
        let name =
            if has_revision { format!("{}@{}", found.name, found.revision) } else { found.name.to_owned() };
        Ok(Pulled {
            name,
            path,
            commit: commit.clone(),
            files: files.len(),
            bytes: files.iter().map(|(_, brought)| brought.bytes).sum(),
            received: files.iter().map(|(_, brought)| brought.received).sum(),
        })
    }

    /// Brings those that are not there yet.
    fn bring_all(&self, found: &Found<'_>, wanted: &[&Listed], files: &mut Files) -> Result<(), Error> {
        // At the commit that was listed, whatever becomes of the revision meanwhile.
        let at_commit = self.puller.api.repo(repo(found.name, &found.listing.commit));
        for listed in wanted {
            if files.iter().any(|(name, _)| *name == listed.name) {
                continue;
            }
            if self.cancel.is_set() {
                return Err(Error::interrupted());
            }
            let what = format!("{}: {}", found.name, listed.name);
            let uri: Uri = at_commit.url(&listed.name).parse().map_err(|_| {
                Fault::strange(&what, &found.home, "its commit cannot be part of an address").error
            })?;
            let transfer = Transfer {
                client: &self.puller.client,
                store: &found.store,
                asked: Asked { what: &what, page: &found.page, home: &found.home },
                name: &listed.name,
                uri: &uri,
                bytes: listed.bytes,
                cancel: &self.cancel,
                tell: &|event| self.tell(event),
            };
            files.push((listed.name.clone(), transfer.run()?));
        }
        Ok(())
    }

    fn tell_listed(&self, files: &[&Listed]) {
        let bytes = files.iter().filter_map(|file| file.bytes).sum();
        self.tell(PullEvent::Listed { files: files.len(), bytes });
    }

    fn tell(&self, event: PullEvent) {
        // Nobody listens any more after an interrupt.
        let _ = self.events.send(event);
    }
}

/// Looks whether the model is of a kind that is run, before its weights are brought.
fn look(found: &Found<'_>, files: &Files) -> Result<(), Error> {
    let folder = found.store.look();
    let _gone_after = Gone(&folder);
    for (name, brought) in files {
        found.store.link(&brought.blob, &folder, name)?;
    }
    match ModelFolder::open(&folder) {
        Err(error) if error.kind() == EmbedErrorKind::Unsupported => {
            // The folder is gone when this is read.
            let why = error.to_string().replace(&format!("{}/", folder.display()), "");
            Err(unread(found, &why))
        }
        // Weights are missing, of course; what else is wrong is told by the whole model.
        _ => Ok(()),
    }
}

fn unread(found: &Found<'_>, why: &str) -> Error {
    Error::hub(ErrorKind::NotPullable, format!("{}: {why} ({})", found.name, found.page))
}

/// The revision that is meant where none is named.
const MAIN: &str = "main";

enum Stopped {
    By(Error),
    Unread(Unread),
}

impl From<Unread> for Stopped {
    fn from(unread: Unread) -> Self {
        Stopped::Unread(unread)
    }
}

/// Takes a folder away when it is dropped.
struct Gone<'a>(&'a Path);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0);
    }
}

/// An address as errors show it: without what may stand before its host as a password.
fn shown(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.find('/').unwrap_or(rest.len());
            let from = rest[..host].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[from..])
        }
        None => address.to_owned(),
    }
}

/// A brought file, as text.
fn text(files: &Files, name: &str) -> Result<String, Error> {
    let brought = files.iter().find(|(brought, _)| brought == name);
    let (_, brought) =
        brought.ok_or_else(|| Error::hub(ErrorKind::NotOnHub, format!("{name} is not there")))?;
    fs::read_to_string(&brought.blob.whole).map_err(|error| Error::io(&brought.blob.whole, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        for (address, want) in [
            ("https://hub/org/name", "https://hub/org/name"),
            ("https://me:secret@hub:8/org/name", "https://hub:8/org/name"),
            ("http://a@b@hub", "http://hub"),
            ("https://hub/org@x", "https://hub/org@x"),
            ("hub", "hub"),
        ] {
            assert_eq!(shown(address), want);
        }
    }
}
