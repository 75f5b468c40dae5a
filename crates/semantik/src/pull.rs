//! Models from a hub: brought by name, into the place where the hub's own programs keep them.
//!
//! [`Puller`] brings what an embedding model needs and nothing else, goes on with what an interrupted download left, checks
//! what it got, and links it into the hub's cache only when all of it is there. So a model is found by its name when it is
//! whole, by [`ModelCache`] and by programs in Python; and what those brought is not brought again.
//!
//! ```no_run
//! use semantik::{Cancel, ModelCache};
//! use semantik::pull::Puller;
//!
//! let pulled = Puller::from_env()?.pull("all-MiniLM-L6-v2", &Cancel::new(), &mut |_| {})?;
//! let folder = ModelCache::from_env()?.resolve(&pulled.name)?;
//! assert_eq!(folder.path(), pulled.path);
//! # Ok::<(), semantik::Error>(())
//! ```

mod client;
mod digest;
mod fault;
mod listing;
mod place;
mod store;
mod transfer;
mod wanted;
mod worker;

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use embed_burn::ModelFolder;
use hf_hub::api::sync::Api;

use self::client::Client;
use self::place::Place;
use self::worker::Worker;
use crate::cancel::Cancel;
use crate::error::{Error, ErrorKind};
use crate::model_cache::{HubName, ModelCache};

/// Brings models from a hub.
#[derive(Clone, Debug)]
pub struct Puller {
    place: Place,
    api: Api,
    client: Client,
}

/// A model that was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The name under which it is found from now on: with its organisation, and with its revision if one was asked for.
    pub name: String,
    /// The folder.
    pub path: PathBuf,
    /// Which state of the model it is.
    pub commit: String,
    /// How many files it has.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// How many of these bytes were received now; the others were there.
    pub received: u64,
}

/// What happens while a model is brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PullEvent {
    /// What is to be brought is known. Comes again when more is known.
    Listed {
        /// How many files.
        files: usize,
        /// Their bytes, as far as the hub says.
        bytes: u64,
    },
    /// A file is begun.
    File {
        /// Its name in the model.
        name: String,
        /// Its bytes.
        bytes: u64,
        /// How many of them an earlier download left.
        there: u64,
    },
    /// So many bytes more are there: received, or found.
    Bytes(u64),
    /// A transfer broke off, and is gone on with.
    Again {
        /// The file's name in the model.
        name: String,
        /// What went wrong.
        cause: String,
    },
    /// What came was not what the hub said it is; the file is begun anew, and so many bytes do not count any more.
    Anew(u64),
    /// Another process brings this file; it is waited for.
    Waiting {
        /// The file's name in the model.
        name: String,
    },
}

/// How often a request to stop is looked for.
const LOOK: Duration = Duration::from_millis(50);
/// How long a transfer has to notice that it is to stop, before it is left alone.
const GRACE: Duration = Duration::from_millis(500);

impl Puller {
    /// As the environment says, in the hub's own variables: `HF_ENDPOINT` is asked, with the token of `HF_TOKEN`, or of the
    /// file `HF_TOKEN_PATH` (else `token` in `HF_HOME`); files go into `HF_HUB_CACHE`, else `hub` in `HF_HOME`. `HTTPS_PROXY`,
    /// `NO_PROXY` and the certificates of `SSL_CERT_FILE` count too.
    ///
    /// # Errors
    /// No folder is known to put models into, or a variable has a value that cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        Self::of(Place::of(|name| std::env::var_os(name))?)
    }

    fn of(place: Place) -> Result<Self, Error> {
        let (api, client) = (place.api()?, Client::new(&place)?);
        Ok(Puller { place, api, client })
    }

    /// Brings a model by its name, `ORGANISATION/NAME` or `NAME` for one of sentence-transformers, with `@REVISION` behind it
    /// for another than `main`: a branch, a tag or a commit. With `HF_HUB_OFFLINE` nobody is asked, and a model that is
    /// there already is given.
    ///
    /// Returns within a second after `cancel` is set; what was received by then is kept, and gone on with the next time.
    ///
    /// # Errors
    /// What is no name ([`ErrorKind::Usage`]); a model that is not there, is not given to everybody, or has no form that is
    /// read ([`ErrorKind::NotOnHub`], [`ErrorKind::Denied`], [`ErrorKind::NotPullable`]); a hub that is not reached or fails
    /// ([`ErrorKind::Unreachable`]); bytes that are not what the hub said ([`ErrorKind::Damaged`]); a cache that cannot be
    /// written ([`ErrorKind::Output`]); `cancel` ([`ErrorKind::Interrupted`]).
    pub fn pull(
        &self,
        name: &str,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(PullEvent),
    ) -> Result<Pulled, Error> {
        let asked = HubName::parse(name).ok_or_else(|| {
            Error::value(
                "the model's name",
                format!("{name:?}"),
                "ORGANISATION/NAME or NAME, with @REVISION behind it if need be",
            )
        })?;
        if self.place.offline {
            return self.there(name);
        }
        let (events, received) = channel();
        let worker = Worker { puller: self.clone(), events, cancel: cancel.clone() };
        let thread = std::thread::Builder::new().name("pull".to_owned());
        let started = thread.spawn(move || worker.run(&asked));
        let running = started.map_err(|error| Error::no_thread("the download", error))?;
        // A transfer may hang in a read for as long as the network lets it, and an interrupt should not.
        let mut asked_at: Option<Instant> = None;
        loop {
            match received.recv_timeout(LOOK) {
                Ok(event) => on_event(event),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if cancel.is_set() && asked_at.get_or_insert_with(Instant::now).elapsed() > GRACE {
                return Err(Error::interrupted());
            }
        }
        running.join().unwrap_or_else(|_| {
            Err(Error::hub(ErrorKind::Unreachable, format!("{name}: the download ended for no known reason")))
        })
    }

    /// A model that is there, where nobody is to be asked.
    fn there(&self, name: &str) -> Result<Pulled, Error> {
        let path = ModelCache::from_env()?.path(name).map_err(|_| {
            let cause = format!(
                "{name} is not in {}, and HF_HUB_OFFLINE forbids to bring it",
                self.place.cache.display()
            );
            Error::hub(ErrorKind::Offline, cause)
        })?;
        ModelFolder::open(&path)?;
        let commit = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Pulled { name: name.to_owned(), path, commit, files: 0, bytes: 0, received: 0 })
    }
}
