//! What encoders are given, and how many operations that is.

use serde_json::{Value, json};

/// So many texts of so many tokens each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) items: usize,
    pub(super) tokens: usize,
}

/// A batch that fills two cores, one of short texts, a chunk, a question.
pub(super) const SHAPES: [Shape; 4] =
    [Shape::new(32, 128), Shape::new(64, 32), Shape::new(1, 128), Shape::new(1, 16)];

impl Shape {
    pub(super) const fn new(items: usize, tokens: usize) -> Self {
        Shape { items, tokens }
    }

    /// Tokens of all texts.
    pub(super) fn all(self) -> usize {
        self.items * self.tokens
    }

    pub(super) fn name(self) -> String {
        format!("{}×{}", self.items, self.tokens)
    }

    /// Token ids of a vocabulary from `first` on, the same in every run and all texts different.
    pub(super) fn rows(self, first: u32, vocabulary: u32) -> Vec<Vec<u32>> {
        let mut state = 1_u32;
        let mut id = || {
            // Numerical Recipes' generator: any spread will do.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            first + (state >> 8) % (vocabulary - first)
        };
        (0..self.items).map(|_| (0..self.tokens).map(|_| id()).collect()).collect()
    }
}

/// The sizes of an encoder that its speed depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) hidden: usize,
    pub(super) layers: usize,
    /// Between the halves of a feed-forward layer.
    pub(super) wide: usize,
}

impl Sizes {
    pub(super) const MINILM: Sizes = Sizes { hidden: 384, layers: 6, wide: 1536 };

    /// Floating-point operations of a batch: products with weights, scores and values.
    pub(super) fn operations(self, shape: Shape) -> usize {
        let attention = 4 * shape.tokens * self.hidden * shape.all() * self.layers;
        self.product_operations(shape) + attention
    }

    /// Those of products with weights alone.
    pub(super) fn product_operations(self, shape: Shape) -> usize {
        let weights = 4 * self.hidden * self.hidden + 2 * self.hidden * self.wide;
        2 * shape.all() * weights * self.layers
    }

    /// The products with weights of a batch, as the program that finds the limit is asked for them.
    pub(super) fn products(self, shape: Shape) -> Value {
        let (rows, hidden, wide) = (shape.all(), self.hidden, self.wide);
        let layer = [(hidden, 3 * hidden), (hidden, hidden), (hidden, wide), (wide, hidden)];
        let one = |(inner, columns)| json!([rows, inner, columns]);
        Value::from((0..self.layers).flat_map(|_| layer.map(one)).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_of_the_shape_within_the_vocabulary_and_the_same_each_time() {
        let rows = Shape::new(5, 7).rows(10, 20);
        assert_eq!(rows, Shape::new(5, 7).rows(10, 20));
        assert!(rows.len() == 5 && rows.iter().all(|row| row.len() == 7));
        assert!(rows.iter().flatten().all(|id| (10..20).contains(id)));
        assert_ne!(rows[0], rows[1]);
    }

    #[test]
    fn operations_are_those_of_the_products_and_of_attention() {
        // By hand: one layer, two numbers, four between: weights 4·4 + 2·8 = 32; six tokens in two texts.
        let sizes = Sizes { hidden: 2, layers: 1, wide: 4 };
        let shape = Shape::new(2, 3);
        assert_eq!(sizes.product_operations(shape), 2 * 6 * 32);
        assert_eq!(sizes.operations(shape), 384 + 4 * 3 * 2 * 6);
        let products = sizes.products(shape);
        let counted: u64 = products
            .as_array()
            .unwrap()
            .iter()
            .map(|product| {
                let of = |at: usize| product[at].as_u64().unwrap();
                2 * of(0) * of(1) * of(2)
            })
            .sum();
        assert_eq!(counted as usize, sizes.product_operations(shape));
    }
}
