//! [`Figures`]: the tables.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Row;
use crate::run::{Outcome, Player};
use crate::scenario::{BusyBound, Matrix};

/// What came of all scenarios, to be looked at from several sides.
pub(super) struct Figures<'a> {
    matrices: &'a [Matrix],
    rows: &'a [Row<'a>],
}

/// What is aimed at on cards of so much memory, and how fast ours should be there beside the reference.
const LARGE_MIB: u64 = 24 << 10;

impl<'a> Figures<'a> {
    pub(super) fn new(matrices: &'a [Matrix], rows: &'a [Row<'a>]) -> Self {
        Figures { matrices, rows }
    }

    pub(super) fn write(&self, text: &mut String) {
        self.aims(text);
        self.speeds(text);
        self.filled(text);
    }

    fn of(&self, busy: BusyBound, player: Player) -> impl Iterator<Item = &'a Row<'a>> {
        let keeps = move |row: &&Row<'_>| row.scenario.matrix.busy == busy && row.player == player;
        self.rows.iter().filter(keeps)
    }

    /// The same scenario, with the reference.
    fn reference(&self, row: &Row<'_>) -> Option<&'a Outcome> {
        let same = |other: &&Row<'_>| other.player == Player::Reference && other.scenario.is(&row.scenario);
        self.rows.iter().find(same).map(|row| &row.outcome)
    }

    /// How many times the reference's speed, in each scenario in which the reference came anywhere; sorted.
    fn ratios(&self, rows: impl Iterator<Item = &'a Row<'a>>) -> Vec<f64> {
        let ratio = |row: &Row<'_>| Some(row.outcome.speed() / self.reference(row)?.speed());
        sorted(rows.filter_map(ratio).filter(|ratio| ratio.is_finite()))
    }

    /// What has to be reached, and what was.
    fn aims(&self, text: &mut String) {
        let ours = || self.of(BusyBound::Learned, Player::Ours);
        let all_ours = || {
            let players = [Player::Ours, Player::Replayed];
            self.rows.iter().filter(move |row| players.contains(&row.player))
        };
        let _ = writeln!(text, "| | aim | reference | ours |\n|---|---|---|---|");
        let count = |rows: &mut dyn Iterator<Item = &Row<'_>>, of: fn(&Outcome) -> usize| {
            rows.map(|row| of(&row.outcome)).sum::<usize>()
        };
        let reference = || self.rows.iter().filter(|row| row.player == Player::Reference);
        for (busy, what) in [
            (BusyBound::Learned, "as large as keeps the device busy"),
            (BusyBound::Nothing, "as large as memory allows"),
        ] {
            let with = |row: &&Row<'_>| row.scenario.matrix.busy == busy;
            let _ = writeln!(
                text,
                "| out of memory though others took no more since the reading than is kept back, batches {what} | 0 | {} | {} |",
                count(&mut reference().filter(with), |outcome| outcome.out_within),
                split(all_ours().filter(with), |outcome| outcome.out_within),
            );
        }
        let _ = writeln!(
            text,
            "| out of memory since others took more | each survived | {} | {} |",
            count(&mut reference(), |outcome| outcome.out_beyond),
            split(all_ours(), |outcome| outcome.out_beyond),
        );
        let _ = writeln!(
            text,
            "| texts lost | 0 | {} | {} |",
            count(&mut reference(), |outcome| outcome.lost),
            split(all_ours(), |outcome| outcome.lost),
        );
        let shares = |player| {
            sorted(self.of(BusyBound::Nothing, player).flat_map(|row| row.outcome.shares.iter().copied()))
        };
        let _ = writeln!(
            text,
            "| share used of what batches may use, median of the batches that memory ended | ≥ 0.90 | – | {}; replayed {} |",
            shown(middle(&shares(Player::Ours))),
            shown(middle(&shares(Player::Replayed))),
        );
        for matrix in self.matrices.iter().filter(|matrix| matrix.busy == BusyBound::Learned) {
            let large = self.ratios(ours().filter(|row| {
                std::ptr::eq(row.scenario.matrix, matrix) && row.scenario.card.memory_mib >= LARGE_MIB
            }));
            let any = self.ratios(ours().filter(|row| std::ptr::eq(row.scenario.matrix, matrix)));
            let _ = writeln!(
                text,
                "| speed, curve {}: median on 24 GB and more; least of all scenarios | ≥ 1.5; ≥ 1 | 1 | {}; {} |",
                matrix.curve.name,
                shown(middle(&large)),
                shown(any.first().copied()),
            );
        }
        let _ = writeln!(
            text,
            "| speed beside a neighbour that holds 85%, to that alone, least where there is room for the busy batch | ≥ 0.97 | – | {} |",
            shown(self.beside_a_still_neighbour()),
        );
        for (player, name) in [(Player::Ours, "from the formula on"), (Player::Replayed, "replayed")] {
            let ratios = sorted(
                self.rows
                    .iter()
                    .filter(|row| row.player == player)
                    .flat_map(|row| row.outcome.ratios.iter().copied()),
            );
            let below = ratios.partition_point(|ratio| *ratio < 1.0);
            let _ = writeln!(
                text,
                "| predicted / taken, {name}: least, median, 99 of 100 | 1.00 to 1.10, never below 1 | – | {}, {}, {}; {below} of {} below 1 |",
                shown(ratios.first().copied()),
                shown(middle(&ratios)),
                shown(ratios.get(ratios.len() * 99 / 100).copied()),
                ratios.len(),
            );
        }
        text.push('\n');
    }

    /// The least of the speeds beside a neighbour that holds most of the memory all the time, to those alone.
    fn beside_a_still_neighbour(&self) -> Option<f64> {
        let rows: Vec<&Row<'_>> = self.of(BusyBound::Learned, Player::Ours).collect();
        let share = |row: &Row<'_>| {
            let neighbour = row.scenario.neighbour;
            if neighbour.share < 0.8 || neighbour.steps.is_some() {
                return None;
            }
            let alone = rows.iter().find(|other| {
                other.scenario.neighbour.share == 0.0
                    && other.scenario.neighbour.steps.is_none()
                    && row.scenario.is_beside_others(&other.scenario)
            })?;
            // The busy size is a power of two, and most batches are somewhat below it.
            let sizes = &alone.outcome.sizes;
            let busy = sizes.get(sizes.len() / 2).map_or(0, |size| (*size as usize).next_power_of_two());
            let room = row.scenario.has_room_for(busy).unwrap_or(false);
            room.then(|| row.outcome.speed() / alone.outcome.speed())
        };
        sorted(rows.iter().filter_map(|row| share(row))).first().copied()
    }

    /// Speed beside the reference by card and by length.
    fn speeds(&self, text: &mut String) {
        for matrix in self.matrices.iter().filter(|matrix| matrix.busy == BusyBound::Learned) {
            let players: Vec<Player> =
                matrix.policies.iter().copied().filter(|player| *player != Player::Reference).collect();
            let _ = writeln!(
                text,
                "Speed with the curve *{}*, × the reference's in the same scenario: median (least). In brackets texts lost, and batches that ran out of memory.\n",
                matrix.curve.name
            );
            let names: Vec<&str> = players.iter().map(|player| player.name()).collect();
            let _ = writeln!(text, "| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
            let keys: [Key<'_>; 3] = [
                |row| &row.scenario.card.name,
                |row| &row.scenario.lengths.name,
                |row| &row.scenario.neighbour.name,
            ];
            for key in keys {
                let mut places: Vec<&str> = Vec::new();
                let mut cells: BTreeMap<(&str, Player), Vec<&Row<'_>>> = BTreeMap::new();
                for row in self.rows.iter().filter(|row| std::ptr::eq(row.scenario.matrix, matrix)) {
                    let place = key(row);
                    if !places.contains(&place) {
                        places.push(place);
                    }
                    cells.entry((place, row.player)).or_default().push(row);
                }
                for place in places {
                    let _ = write!(text, "| {place} |");
                    for player in &players {
                        let rows = cells.get(&(place, *player)).map_or(&[][..], Vec::as_slice);
                        let ratios = self.ratios(rows.iter().copied());
                        let sum = |of: fn(&Outcome) -> usize| {
                            rows.iter().map(|row| of(&row.outcome)).sum::<usize>()
                        };
                        let out = sum(|outcome| outcome.out_within + outcome.out_beyond);
                        let (lost, middle) = (sum(|outcome| outcome.lost), middle(&ratios));
                        let _ = write!(text, " {} ({})", shown(middle), shown(ratios.first().copied()));
                        if lost + out > 0 {
                            let _ = write!(text, " [{lost}, {out}]");
                        }
                        text.push_str(" |");
                    }
                    text.push('\n');
                }
            }
            text.push('\n');
        }
    }

    /// Memory that is filled.
    fn filled(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "Where nothing but memory ends a batch, by neighbour: share used of what batches may use, predicted / taken (least, \
             median), batches that ran out of memory (of those, though others took no more than is kept back).\n"
        );
        let _ = writeln!(text, "| | ours | ours, replayed |\n|---|---|---|");
        let mut neighbours: Vec<&str> = Vec::new();
        for row in self.of(BusyBound::Nothing, Player::Ours) {
            if !neighbours.contains(&row.scenario.neighbour.name.as_str()) {
                neighbours.push(&row.scenario.neighbour.name);
            }
        }
        for neighbour in neighbours {
            let _ = write!(text, "| {neighbour} |");
            for player in [Player::Ours, Player::Replayed] {
                let rows: Vec<_> = self
                    .of(BusyBound::Nothing, player)
                    .filter(|row| row.scenario.neighbour.name == neighbour)
                    .collect();
                let shares = sorted(rows.iter().flat_map(|row| row.outcome.shares.iter().copied()));
                let ratios = sorted(rows.iter().flat_map(|row| row.outcome.ratios.iter().copied()));
                let within: usize = rows.iter().map(|row| row.outcome.out_within).sum();
                let beyond: usize = rows.iter().map(|row| row.outcome.out_beyond).sum();
                let _ = write!(
                    text,
                    " {}; {}, {}; {} ({within}) |",
                    shown(middle(&shares)),
                    shown(ratios.first().copied()),
                    shown(middle(&ratios)),
                    within + beyond
                );
            }
            text.push('\n');
        }
        text.push('\n');
    }
}

/// What a table has a line for.
type Key<'k> = fn(&Row<'k>) -> &'k str;

/// One number for each of our two ways to predict, where they differ.
fn split<'a>(rows: impl Iterator<Item = &'a Row<'a>>, of: fn(&Outcome) -> usize) -> String {
    let (mut formula, mut replayed) = (0, 0);
    for row in rows {
        *(if row.player == Player::Replayed { &mut replayed } else { &mut formula }) += of(&row.outcome);
    }
    if formula == replayed { formula.to_string() } else { format!("{formula}; replayed {replayed}") }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

pub(super) fn middle(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len() / 2).copied()
}

fn shown(number: Option<f64>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| format!("{number:.2}"))
}
