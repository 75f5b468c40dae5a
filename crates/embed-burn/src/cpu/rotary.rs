//! [`Prepare`]: queries and keys before attention, normalised head by head and turned by their places.

use super::arith::Arith;
use super::encoder::Table;
use super::isa::Work;
use super::norm::Norm;
use crate::folder::Heads;

/// The angles by which queries and keys are turned at each place.
pub(crate) struct Angles {
    /// `[positions, width / 2]`
    pub(crate) cosines: Box<dyn Table>,
    pub(crate) sines: Box<dyn Table>,
}

impl Angles {
    /// From one place on, for heads of `width` numbers.
    pub(crate) fn from(&self, place: usize, width: usize) -> Turns<'_> {
        let first = place * width / 2;
        Turns { cosines: &self.cosines.values()[first..], sines: &self.sines.values()[first..] }
    }
}

/// The angles of some rows.
#[derive(Clone, Copy)]
pub(crate) struct Turns<'a> {
    cosines: &'a [f32],
    sines: &'a [f32],
}

/// Normalises and turns the queries and keys of some rows, which stand one behind the other in a text.
pub(crate) struct Prepare<'a> {
    /// Rows of `[queries of all heads, keys of all heads, values of all heads]`.
    pub(crate) rows: &'a mut [f32],
    pub(crate) heads: Heads,
    /// Of a head's queries, and of its keys.
    pub(crate) norms: Option<&'a [Norm; 2]>,
    /// From the first row on.
    pub(crate) turns: Option<Turns<'a>>,
}

impl Work for Prepare<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self) {
        let Prepare { rows, heads, norms, turns } = self;
        let width = heads.width;
        for (index, row) in rows.chunks_exact_mut(heads.all()).enumerate() {
            if let Some([of_queries, of_keys]) = norms {
                let (queries, rest) = row.split_at_mut(heads.queries * width);
                let keys = &mut rest[..heads.keys * width];
                for head in queries.chunks_exact_mut(width) {
                    of_queries.apply::<A>(head);
                }
                for head in keys.chunks_exact_mut(width) {
                    of_keys.apply::<A>(head);
                }
            }
            if let Some(Turns { cosines, sines }) = turns {
                let half = width / 2;
                let (cosines, sines) = (&cosines[index * half..][..half], &sines[index * half..][..half]);
                let turned = &mut row[..(heads.queries + heads.keys) * width];
                for head in turned.chunks_exact_mut(width) {
                    turn::<A>(head, cosines, sines);
                }
            }
        }
    }
}

/// A number of the first half and its partner of the second are a point that is turned.
#[inline(always)]
fn turn<A: Arith>(head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let (left, right) = head.split_at_mut(cosines.len());
    for ((left, right), (cosine, sine)) in left.iter_mut().zip(right).zip(cosines.iter().zip(sines)) {
        let (x, y) = (*left, *right);
        *left = A::fma(x, *cosine, -(y * sine));
        *right = A::fma(y, *cosine, x * sine);
    }
}
