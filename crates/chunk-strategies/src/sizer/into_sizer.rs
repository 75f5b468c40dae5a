//! [`IntoSizer`]: what may be given where a sizer is wanted.

use super::ChunkSizer;

/// A [`ChunkSizer`], or a closure that measures a text. `Kind` tells the two apart, and is never written.
pub trait IntoSizer<Kind> {
    /// The sizer that it is or becomes.
    type Sizer: ChunkSizer;

    /// As a sizer.
    fn into_sizer(self) -> Self::Sizer;
}

impl<S: ChunkSizer> IntoSizer<()> for S {
    type Sizer = S;

    fn into_sizer(self) -> S {
        self
    }
}

impl<F: Fn(&str) -> usize + Send + Sync> IntoSizer<Measure<F>> for F {
    type Sizer = Measure<F>;

    fn into_sizer(self) -> Measure<F> {
        Measure(self)
    }
}

/// A closure as a sizer.
#[derive(Clone, Copy)]
pub struct Measure<F>(F);

impl<F: Fn(&str) -> usize + Send + Sync> ChunkSizer for Measure<F> {
    fn size(&self, text: &str) -> usize {
        (self.0)(text)
    }
}

impl<F> std::fmt::Debug for Measure<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Measure")
    }
}
