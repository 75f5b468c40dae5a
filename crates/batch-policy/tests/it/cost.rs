//! Cost models: their figures, and that more never costs less.

use batch_policy::{Analytic, Bytes, CostModel, ModelClass, ModelShape, Prior};
use proptest::prelude::*;

const MINI_LM: ModelShape = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };

fn models() -> Vec<Box<dyn CostModel>> {
    let mut models: Vec<Box<dyn CostModel>> = vec![Box::new(Analytic::new(MINI_LM).unwrap())];
    for class in [ModelClass::Mini, ModelClass::Base, ModelClass::Large] {
        models.push(Box::new(Prior::new(class)));
        models.push(Box::new(Prior::by_characters(class)));
    }
    models
}

proptest! {
    #[test]
    fn more_never_costs_less(items: usize, tokens: usize, more: usize) {
        for model in models() {
            let (peak, tensor) = (model.peak(items, tokens), model.largest_tensor(items, tokens));
            prop_assert!(tensor <= peak);
            for (items, tokens) in [(items.saturating_add(more), tokens), (items, tokens.saturating_add(more))] {
                prop_assert!(model.peak(items, tokens) >= peak);
                prop_assert!(model.largest_tensor(items, tokens) >= tensor);
            }
        }
    }
}

#[test]
fn the_analytic_model_adds_up() {
    let model = Analytic::new(MINI_LM).unwrap();
    let rows = 32 * 128 * (6 * 384 + 2 * 1536) * 4;
    let scores = 2 * 32 * 12 * 128 * 128 * 4;
    assert_eq!(model.peak(32, 128), Bytes::new(rows + scores));
    assert_eq!(model.largest_tensor(32, 128), Bytes::new(32 * 128 * 1536 * 4));
    assert_eq!(model.largest_tensor(1, 512), Bytes::new(12 * 512 * 512 * 4), "scores outgrow rows");
    assert!(Analytic::new(ModelShape { heads: 0, ..MINI_LM }).is_err());
}

#[test]
fn the_priors_are_the_reports() {
    assert_eq!(Prior::new(ModelClass::Mini).peak(2, 512), Bytes::new(200_000_000));
    assert_eq!(Prior::new(ModelClass::Large).peak(1, 0), Bytes::new(150_000_000));
    assert_eq!(Prior::by_characters(ModelClass::Base).peak(1, 256), Bytes::new(50_000_000));
    assert_eq!(Prior::by_characters(ModelClass::Base).peak(1, 100_000), Bytes::new(200_000_000));
}
