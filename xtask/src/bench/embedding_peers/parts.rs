//! What is compared, a file a part.

mod architectures;
mod dtypes;
mod load;
mod memory;
mod pipeline;
mod sentences;
mod shapes;
mod tokenising;

use super::bench::Bench;
use crate::error::XtaskError;

/// A part of the comparison: what it is called, and what measures it and tells of it in Markdown.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) run: fn(&mut Bench) -> Result<String, XtaskError>,
}

/// In the order of the document. `memory` comes behind `sentences`, which finds the batch that it takes.
pub(super) const PARTS: [Part; 8] = [
    Part { name: "shapes", run: |bench| Ok(shapes::run(bench)) },
    Part { name: "sentences", run: |bench| Ok(sentences::run(bench)) },
    Part { name: "dtypes", run: |bench| Ok(dtypes::run(bench)) },
    Part { name: "load", run: |bench| Ok(load::run(bench)) },
    Part { name: "memory", run: |bench| Ok(memory::run(bench)) },
    Part { name: "tokenising", run: tokenising::run },
    Part { name: "pipeline", run: pipeline::run },
    Part { name: "architectures", run: |bench| Ok(architectures::run(bench)) },
];
