//! [`Visible`]: which cards this process is to use.

use std::sync::OnceLock;

use embed_burn::VisibleCards;
use gpu_telemetry::{TelemetryErrorKind, VisibleCards as Listed};

use super::files::driver_files;

/// The cards that `CUDA_VISIBLE_DEVICES` leaves to this process, for every backend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visible {
    pub(crate) cards: VisibleCards,
    /// Why cards of NVIDIA are hidden although nobody knows which of them were meant.
    pub(crate) problem: Option<String>,
}

/// As the environment said when it was first asked: the drivers read it once, too.
pub(crate) fn visible() -> &'static Visible {
    static VISIBLE: OnceLock<Visible> = OnceLock::new();
    VISIBLE.get_or_init(|| from(Listed::of_process_by(&driver_files()).map(|listed| addresses(&listed))))
}

/// The addresses, or nothing where all are visible.
fn addresses(listed: &Listed) -> Option<Vec<String>> {
    let cards = listed.cards()?.iter();
    Some(cards.filter_map(|card| Some(card.identity().pci?.to_string())).collect())
}

fn from(told: Result<Option<Vec<String>>, gpu_telemetry::TelemetryError>) -> Visible {
    match told {
        Ok(None) => Visible::default(),
        Ok(Some(addresses)) => Visible { cards: VisibleCards::of_nvidia(addresses), problem: None },
        // Without NVIDIA's driver the variable means nothing, and hides no card that another driver reaches.
        Err(error) if error.kind() == TelemetryErrorKind::Absent => Visible::default(),
        // Someone said which cards are whose. Taking one that may be another's is worse than taking none.
        Err(error) => Visible {
            cards: VisibleCards::of_nvidia([]),
            problem: Some(format!("cards of NVIDIA are hidden: {error}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use gpu_telemetry::TelemetryError;

    use super::*;

    #[test]
    fn what_nobody_understands_hides_every_card_and_says_so() {
        let seen = from(Err(TelemetryError::driver(
            "CUDA_VISIBLE_DEVICES=7,x",
            "the cards it names",
            "no such card",
        )));
        assert_eq!(seen.cards, VisibleCards::of_nvidia([]));
        assert!(seen.problem.unwrap().contains("CUDA_VISIBLE_DEVICES=7,x"));
    }

    #[test]
    fn without_a_driver_and_without_the_variable_nothing_is_hidden() {
        for told in [Ok(None), Err(TelemetryError::absent("no driver"))] {
            let seen = from(told);
            assert_eq!((seen.cards, seen.problem), (VisibleCards::all(), None));
        }
    }
}
