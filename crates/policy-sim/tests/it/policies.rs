//! What policies have to keep, in a few scenarios of the files, with fewer batches.

use std::path::Path;

use policy_sim::scenario::Matrix;
use policy_sim::{Outcome, Player, Scenario, play};

const BATCHES: usize = 300;

/// A file, cut down to two cards and to few batches.
fn matrix(file: &str, cards: [&str; 2]) -> Matrix {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(file);
    let mut matrix = Matrix::read(&path).unwrap();
    matrix.cards.retain(|card| cards.contains(&card.name.as_str()));
    assert_eq!(matrix.cards.len(), 2);
    (matrix.batches, matrix.batches_of_others) = (BATCHES, BATCHES);
    matrix
}

/// Each scenario that a model can be loaded in, with its name.
fn scenarios(matrix: &Matrix) -> Vec<(String, Scenario<'_>)> {
    let all = Scenario::all(matrix).into_iter().filter(|scenario| scenario.device().has_room());
    let name = |s: &Scenario<'_>| {
        format!("{}, {}, {}, beside {}", s.card.name, s.model.name, s.lengths.name, s.neighbour.name)
    };
    all.map(|scenario| (name(&scenario), scenario)).collect()
}

fn played(player: Player, scenario: &Scenario<'_>) -> Outcome {
    play(player, scenario, |_, _| {}).unwrap()
}

#[test]
fn m1_m2_memory_never_runs_out_within_what_is_kept_back_and_no_text_is_lost() {
    for file in ["processor-curve.json", "lavapipe-curve.json"] {
        let matrix = matrix(file, ["8 GB", "24 GB"]);
        for (name, scenario) in scenarios(&matrix) {
            let ours = played(Player::Ours, &scenario);
            assert_eq!((ours.out_within, ours.lost, ours.never), (0, 0, 0), "{file}: {name}");
            assert!(ours.texts > 0, "{file}: {name}");
        }
    }
}

#[test]
fn ours_is_no_slower_than_the_reference() {
    for file in ["processor-curve.json", "lavapipe-curve.json"] {
        let matrix = matrix(file, ["8 GB", "24 GB"]);
        for (name, scenario) in scenarios(&matrix) {
            let (ours, reference) = (played(Player::Ours, &scenario), played(Player::Reference, &scenario));
            if reference.texts > 0 {
                let ratio = ours.speed() / reference.speed();
                assert!(ratio >= 1.0, "{file}: {name}: {ratio:.2} × the reference");
            }
        }
    }
}

#[test]
fn m3_a_replayed_table_is_what_the_pool_takes() {
    let matrix = matrix("processor-curve.json", ["4 GB", "24 GB"]);
    for (name, scenario) in scenarios(&matrix) {
        let ours = played(Player::Replayed, &scenario);
        let (least, most) = (ours.ratios.first().unwrap(), ours.ratios[ours.ratios.len() * 9 / 10]);
        assert!(*least >= 1.0 && most <= 1.1, "{name}: predicted / taken from {least:.3} to {most:.3}");
        assert_eq!((ours.out_within, ours.lost), (0, 0), "{name}");
    }
}

#[test]
fn a_file_gives_the_same_outcome_each_time() {
    let matrix = matrix("processor-curve.json", ["4 GB", "24 GB"]);
    let (name, scenario) = scenarios(&matrix).pop().unwrap();
    for player in Player::ALL {
        let again = || Outcome { deciding: std::time::Duration::ZERO, ..played(player, &scenario) };
        assert_eq!(again(), again(), "{name}: {}", player.name());
    }
}
