//! [`Linear`]: a matrix with its bias, in the numbers that its products are computed in.

use std::collections::TryReserveError;
use std::ops::Range;

use super::isa::Isa;
use super::narrow::{self, NarrowIsa, NarrowPanels, NarrowProduct};
use super::pack::Panels;
use super::product::Product;
use crate::folder::Activation;

/// A weight matrix, packed.
pub(crate) enum Linear {
    F32(Panels, Isa),
    Narrow(NarrowPanels),
}

/// Rows as a [`Linear`] reads them.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// Numbers, or slots.
    values: &'a [f32],
    count: usize,
}

impl Linear {
    /// The same in narrow numbers.
    pub(crate) fn narrowed(self, isa: NarrowIsa) -> Result<Self, TryReserveError> {
        match self {
            Linear::F32(panels, _) => {
                let (weight, bias) = panels.unpacked()?;
                drop(panels);
                Ok(Linear::Narrow(NarrowPanels::pack(&weight, &bias, isa)?))
            }
            narrow @ Linear::Narrow(_) => Ok(narrow),
        }
    }

    pub(crate) fn inputs(&self) -> usize {
        match self {
            Linear::F32(panels, _) => panels.inputs(),
            Linear::Narrow(panels) => panels.inputs(),
        }
    }

    pub(crate) fn outputs(&self) -> usize {
        match self {
            Linear::F32(panels, _) => panels.outputs(),
            Linear::Narrow(panels) => panels.outputs(),
        }
    }

    /// How many panels there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Linear::F32(panels, _) => panels.count(),
            Linear::Narrow(panels) => panels.count(),
        }
    }

    /// The columns of one panel, before the last is cut.
    pub(crate) fn columns(&self) -> usize {
        match self {
            Linear::F32(_, isa) => isa.columns(),
            Linear::Narrow(_) => narrow::COLUMNS,
        }
    }

    /// Numbers of working memory that so many rows need beside themselves.
    pub(crate) fn slots(&self, rows: usize) -> usize {
        match self {
            Linear::F32(..) => 0,
            Linear::Narrow(panels) => panels.slots(rows),
        }
    }

    /// Rows as they are multiplied: themselves, or narrowed into `slots`.
    pub(crate) fn rows<'a>(&self, input: &'a [f32], slots: &'a mut [f32]) -> Rows<'a> {
        let count = input.len() / self.inputs();
        match self {
            Linear::F32(..) => Rows { values: input, count },
            Linear::Narrow(panels) => {
                let slots = &mut slots[..panels.slots(count)];
                panels.narrow(input, slots);
                Rows { values: slots, count }
            }
        }
    }

    /// `output[row] = activation(rows[row] · weights + bias)`, all columns.
    pub(crate) fn apply(
        &self,
        input: &[f32],
        slots: &mut [f32],
        activation: Option<Activation>,
        output: &mut [f32],
    ) {
        self.multiply(self.rows(input, slots), 0..self.count(), activation, output);
    }

    /// The same for some panels: `output` has their columns only.
    pub(crate) fn multiply(
        &self,
        rows: Rows<'_>,
        panels: Range<usize>,
        activation: Option<Activation>,
        output: &mut [f32],
    ) {
        match self {
            Linear::F32(weights, isa) => {
                isa.run(Product { input: rows.values, weights, panels, output, activation });
            }
            Linear::Narrow(weights) => {
                let product = NarrowProduct {
                    slots: rows.values,
                    rows: rows.count,
                    weights,
                    panels,
                    output,
                    activation,
                };
                product.run();
            }
        }
    }
}
