//! The results as tables in Markdown.

use super::contrast::Difference;
use super::retrieval::{ROOM, Row};
use super::segmentation;
use super::stats::Mean;

/// The measures of every configuration.
pub(super) fn retrieval(rows: &[Row], set: &str, k: usize) {
    println!("\n### Retrieval, {set}, k = {k}, percent ± standard error\n");
    println!(
        "| configuration | chunks | mean chars | recall | precision | IoU | precision Ω | recall in {ROOM} chars |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        println!(
            "| {} | {} | {:.0} | {} | {} | {} | {} | {} |",
            row.name,
            count(row),
            row.mean_chars,
            Mean::of(&row.recall).percent(),
            Mean::of(&row.precision).percent(),
            Mean::of(&row.iou).percent(),
            Mean::of(&row.omega).percent(),
            Mean::of(&row.in_room).percent(),
        );
    }
    if rows.iter().any(|row| row.truncated > 0) {
        println!("\n(n cut): chunks longer than the model reads, whose end it did not see.");
    }
}

fn count(row: &Row) -> String {
    match row.truncated {
        0 => row.chunks.to_string(),
        truncated => format!("{} ({truncated} cut)", row.chunks),
    }
}

/// The differences from the row called `base`, question by question; `of` names the questions.
pub(super) fn differences(rows: &[Row], of: &str, base: &str) {
    let Some(base) = rows.iter().find(|row| row.name == base) else { return };
    println!(
        "\n### Differences from {}, {of}, in points ± standard error over the same questions\n",
        base.name
    );
    println!("| configuration | recall | precision | IoU | recall in {ROOM} chars |");
    println!("|---|--:|--:|--:|--:|");
    for row in rows.iter().filter(|row| row.name != base.name) {
        let difference = |of: fn(&Row) -> &[f64]| Mean::of_differences(of(row), of(base)).difference();
        println!(
            "| {} | {} | {} | {} | {} |",
            row.name,
            difference(|row| &row.recall),
            difference(|row| &row.precision),
            difference(|row| &row.iou),
            difference(|row| &row.in_room),
        );
    }
    println!("\n\\* more than two standard errors from nothing.");
}

/// What single choices do.
pub(super) fn contrasts(differences: &[Difference], of: &str) {
    if differences.is_empty() {
        return;
    }
    println!(
        "\n### What one choice does, {of}, in points ± standard error over the questions, over all pairs of configurations\n"
    );
    println!("| choice | pairs | recall | precision | IoU | recall in {ROOM} chars |");
    println!("|---|--:|--:|--:|--:|--:|");
    for difference in differences {
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            difference.choice,
            difference.pairs,
            difference.recall.difference(),
            difference.precision.difference(),
            difference.iou.difference(),
            difference.in_room.difference(),
        );
    }
}

/// Recall and `IoU` of each group's questions.
pub(super) fn by_group(rows: &[Row], groups: &[(String, Vec<usize>)]) {
    println!("\n### Retrieval by group: recall, IoU and recall in {ROOM} chars, percent ± standard error\n");
    let name = |(name, questions): &(String, Vec<usize>)| {
        format!(" {name} ({} questions): recall | IoU | in {ROOM} chars |", questions.len())
    };
    println!("| configuration |{}", groups.iter().map(name).collect::<String>());
    println!("|---|{}", "--:|--:|--:|".repeat(groups.len()));
    for row in rows {
        let cells = groups.iter().map(|(_, questions)| {
            let row = row.only(questions);
            let of = |values: &[f64]| Mean::of(values).percent();
            format!(" {} | {} | {} |", of(&row.recall), of(&row.iou), of(&row.in_room))
        });
        println!("| {} |{}", row.name, cells.collect::<String>());
    }
}

/// The distances of one layout.
pub(super) fn borders(rows: &[segmentation::Row], layout: &str) {
    println!("\n### Borders in stitched documents, {layout}, percent ± standard error\n");
    println!("| configuration | borders / true borders | Pk | WindowDiff |");
    println!("|---|--:|--:|--:|");
    for row in rows {
        println!(
            "| {} | {:.2} | {} | {} |",
            row.name,
            row.cuts,
            Mean::of(&row.pk).percent(),
            Mean::of(&row.window_diff).percent(),
        );
    }
}
