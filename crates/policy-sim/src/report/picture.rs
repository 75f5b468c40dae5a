//! [`pictures`]: memory over time, and speed by card, as SVG that is read in light and in dark.

use std::fmt::Write;

use super::Row;
use super::figures::middle;
use crate::error::SimError;
use crate::run::{Player, Scenario, play};
use crate::scenario::{BusyBound, Matrix};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 36.0;
const TOP: f64 = 34.0;

/// Each picture with its name.
pub(super) fn pictures(
    matrices: &[Matrix],
    rows: &[Row<'_>],
) -> Result<Vec<(&'static str, String)>, SimError> {
    let mut pictures = Vec::new();
    if let Some(matrix) = matrices.iter().find(|matrix| matrix.busy == BusyBound::Learned) {
        pictures.push(("policy-speed.svg", speed(matrix, rows)));
    }
    if let Some(matrix) = matrices.iter().find(|matrix| matrix.busy == BusyBound::Nothing)
        && let Some(svg) = memory(matrix)?
    {
        pictures.push(("policy-memory.svg", svg));
    }
    Ok(pictures)
}

fn frame(title: &str, inside: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"{title}\">\n\
         <style>text{{fill:#333}}.line{{stroke:#999}}.a{{fill:#2b6cb0}}.b{{fill:#c05621}}.c{{fill:#2f855a}}.d{{fill:#718096}}.stroke{{fill:none;stroke:#2b6cb0}}.out{{fill:#c53030}}\
         @media(prefers-color-scheme:dark){{text{{fill:#ddd}}.line{{stroke:#777}}.a{{fill:#63b3ed}}.b{{fill:#f6ad55}}.c{{fill:#68d391}}.d{{fill:#a0aec0}}.stroke{{stroke:#63b3ed}}.out{{fill:#fc8181}}}}</style>\n\
         <text x=\"{LEFT}\" y=\"18\" font-weight=\"bold\">{title}</text>\n{inside}</svg>\n"
    )
}

/// Bars: each policy's median speed beside the reference's, by card.
fn speed(matrix: &Matrix, rows: &[Row<'_>]) -> String {
    let players: Vec<Player> =
        matrix.policies.iter().copied().filter(|player| *player != Player::Reference).collect();
    let ratio = |card: &str, player: Player| {
        let mine =
            |row: &&Row<'_>| std::ptr::eq(row.scenario.matrix, matrix) && row.scenario.card.name == card;
        let mut ratios: Vec<f64> = rows
            .iter()
            .filter(mine)
            .filter(|row| row.player == player)
            .filter_map(|row| {
                let same =
                    |other: &&Row<'_>| other.player == Player::Reference && other.scenario.is(&row.scenario);
                Some(row.outcome.speed() / rows.iter().find(same)?.outcome.speed())
            })
            .filter(|ratio| ratio.is_finite())
            .collect();
        ratios.sort_by(f64::total_cmp);
        middle(&ratios).unwrap_or(0.0)
    };
    let most = matrix.cards.iter().flat_map(|card| players.iter().map(|player| ratio(&card.name, *player)));
    let most = most.fold(1.0, f64::max) * 1.1;
    let (floor, height) = (HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP);
    let group = (WIDTH - LEFT - 10.0) / matrix.cards.len().max(1) as f64;
    let bar = group * 0.8 / players.len().max(1) as f64;
    let mut inside = String::new();
    for step in 0..=(most as usize) {
        let y = floor - step as f64 / most * height;
        let _ = writeln!(
            inside,
            "<line class=\"line\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke-width=\"0.5\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{step} ×</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    for (at, card) in matrix.cards.iter().enumerate() {
        let x = LEFT + group * at as f64;
        for (index, player) in players.iter().enumerate() {
            let high = ratio(&card.name, *player) / most * height;
            let class = ["a", "b", "c", "d"][index % 4];
            let _ = writeln!(
                inside,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{high:.1}\"/>",
                x + group * 0.1 + bar * index as f64,
                floor - high,
                bar * 0.9
            );
        }
        let _ = writeln!(
            inside,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x + group / 2.0,
            floor + 18.0,
            card.name
        );
    }
    for (index, player) in players.iter().enumerate() {
        let (x, class) = (WIDTH - 130.0 * (players.len() - index) as f64, ["a", "b", "c", "d"][index % 4]);
        let _ = writeln!(
            inside,
            "<rect class=\"{class}\" x=\"{x:.0}\" y=\"8\" width=\"10\" height=\"10\"/><text x=\"{:.0}\" y=\"18\">{}</text>",
            x + 14.0,
            player.name()
        );
    }
    frame(&format!("Speed, × the reference's, curve {}", matrix.curve.name), &inside)
}

/// Areas: what the neighbour and our pool hold over time, beside one that takes and gives most of what is free.
fn memory(matrix: &Matrix) -> Result<Option<String>, SimError> {
    const BATCHES: usize = 120;
    let short = Matrix { batches: BATCHES, ..matrix.clone() };
    let restless = |scenario: &&Scenario<'_>| {
        scenario.neighbour.steps.is_some_and(|steps| steps.share_of_free > 0.5)
            && scenario.card.memory_mib >= 24 << 10
    };
    let scenarios = Scenario::all(&short);
    let Some(scenario) = scenarios.iter().find(restless) else { return Ok(None) };
    let (mut samples, mut refused) = (Vec::new(), Vec::new());
    play(Player::Ours, scenario, |device, step| {
        let (pool, taken) = device.held();
        samples.push((device.now(), pool, taken));
        if step.failed.is_some() {
            refused.push(device.now());
        }
    })?;
    let end = samples.last().map_or(1.0, |sample| sample.0).max(1e-9);
    let total = (scenario.card.memory_mib << 20) as f64;
    let (floor, height) = (HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP);
    let x = |seconds: f64| LEFT + seconds / end * (WIDTH - LEFT - 10.0);
    let y = |bytes: f64| floor - bytes / total * height;
    // Both as steps: what is held after a batch was held in it.
    let area = |low: &dyn Fn(&(f64, u64, u64)) -> f64, high: &dyn Fn(&(f64, u64, u64)) -> f64| {
        let mut path = String::new();
        let mut before = 0.0;
        for sample in &samples {
            let _ = write!(
                path,
                "{}{:.1} {:.1}H{:.1}",
                if path.is_empty() { "M" } else { "L" },
                x(before),
                y(high(sample)),
                x(sample.0)
            );
            before = sample.0;
        }
        for (index, sample) in samples.iter().enumerate().rev() {
            let before = index.checked_sub(1).map_or(0.0, |index| samples[index].0);
            let _ = write!(path, "L{:.1} {:.1}H{:.1}", x(sample.0), y(low(sample)), x(before));
        }
        path + "Z"
    };
    let fixed = ((scenario.card.system_mib + scenario.model.weights_mib) << 20) as f64;
    let mut inside = String::new();
    let others = area(&|_| 0.0, &|sample| sample.2 as f64);
    let ours = area(&|sample| sample.2 as f64, &|sample| sample.2 as f64 + fixed + sample.1 as f64);
    let _ = writeln!(
        inside,
        "<path class=\"d\" opacity=\"0.6\" d=\"{others}\"/><path class=\"a\" opacity=\"0.7\" d=\"{ours}\"/>"
    );
    for at in &refused {
        let _ =
            writeln!(inside, "<circle class=\"out\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>", x(*at), y(total));
    }
    let _ = writeln!(
        inside,
        "<line class=\"line\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{0:.1}\" y2=\"{0:.1}\"/><text x=\"{1:.0}\" y=\"{2:.1}\" text-anchor=\"end\">{3}</text>",
        y(total),
        LEFT - 6.0,
        y(total) + 4.0,
        scenario.card.name
    );
    let _ = writeln!(
        inside,
        "<line class=\"line\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{floor}\" y2=\"{floor}\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{BATCHES} batches, {end:.0} s</text>",
        WIDTH - 4.0,
        floor + 18.0
    );
    for (at, (class, name)) in
        [("d", "the neighbour"), ("a", "ours"), ("out", "out of memory")].into_iter().enumerate()
    {
        let x = WIDTH - 130.0 * (3 - at) as f64;
        let _ = writeln!(
            inside,
            "<rect class=\"{class}\" x=\"{x:.0}\" y=\"8\" width=\"10\" height=\"10\"/><text x=\"{:.0}\" y=\"18\">{name}</text>",
            x + 14.0
        );
    }
    Ok(Some(frame(&format!("Memory that is filled beside others, model {}", scenario.model.name), &inside)))
}
