//! [`EmbedOutput`]: where the records of `embed` go.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use semantik::embed_burn::{EmbedError, ModelFolder, ModelIdentity};
use semantik::pipeline::EmbedJob;
use semantik::sink::{Ended, Sink, VectorCounts};
use semantik::{Error, Meta, ModelMeta, Opened, Resume, VectorClaim, VectorFile};

use crate::args::Format;
use crate::output::Output;
use crate::text::AnySink;

/// Where records are to go, before anything is loaded.
pub(super) enum Target {
    File(VectorClaim),
    Stdout,
}

/// Where records go.
pub(super) enum EmbedOutput {
    File(Box<VectorFile>),
    Stdout(Box<AnySink<Output>>),
}

/// A model's identity, while it is computed.
pub(super) type Identity = Option<JoinHandle<Result<ModelIdentity, EmbedError>>>;

impl Target {
    pub(super) fn claim(path: Option<&Path>) -> Result<Self, Error> {
        path.map_or(Ok(Target::Stdout), |path| VectorClaim::take(path).map(Target::File))
    }

    /// Begins to compute a model's identity, if it is going to be written.
    pub(super) fn identity_of(&self, folder: &ModelFolder) -> Identity {
        let folder = folder.clone();
        matches!(self, Target::File(_)).then(|| std::thread::spawn(move || folder.identity()))
    }

    pub(super) fn open(
        self,
        identity: Identity,
        folder: &ModelFolder,
        job: &EmbedJob<'_>,
        resume: Resume,
    ) -> Result<EmbedOutput, Error> {
        let Target::File(claim) = self else {
            return Ok(EmbedOutput::Stdout(Box::new(Output::open(None)?.sink(Some(Format::Jsonl), None))));
        };
        let identity = match identity.map(JoinHandle::join) {
            Some(Ok(identity)) => identity?,
            // The thread could not be had, or died: once more here.
            _ => folder.identity()?,
        };
        let path = folder.path().canonicalize().unwrap_or_else(|_| folder.path().to_owned());
        let meta = Meta::new(ModelMeta { path, identity }, job);
        Ok(EmbedOutput::File(Box::new(claim.open(meta, resume)?)))
    }
}

impl EmbedOutput {
    pub(super) fn sink(&mut self) -> &mut dyn Sink {
        match self {
            EmbedOutput::File(file) => &mut **file,
            EmbedOutput::Stdout(sink) => &mut **sink,
        }
    }

    /// Counts of the vectors that are written.
    pub(super) fn vector_counts(&self) -> VectorCounts {
        match self {
            EmbedOutput::File(file) => file.vector_counts(),
            EmbedOutput::Stdout(sink) => sink.vector_counts(),
        }
    }

    /// What was there before.
    pub(super) fn opened(&self) -> Option<&Opened> {
        match self {
            EmbedOutput::File(file) => Some(file.opened()),
            EmbedOutput::Stdout(_) => None,
        }
    }

    /// Ends it, and gives where the records are and what is written beside them.
    pub(super) fn finish(self, interrupted: bool) -> Result<(Option<PathBuf>, Option<Meta>), Error> {
        match self {
            EmbedOutput::File(file) => {
                let ended = if interrupted { Ended::Interrupted } else { Ended::Done };
                file.finish(ended).map(|(path, meta)| (Some(path), Some(meta)))
            }
            EmbedOutput::Stdout(sink) => sink.into_inner().finish(interrupted).map(|path| (path, None)),
        }
    }
}
