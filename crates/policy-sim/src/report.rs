//! [`report`]: what came of all scenarios, for people.

mod figures;
mod picture;
mod timing;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::figures::Figures;
use crate::error::SimError;
use crate::run::{Outcome, Player, Scenario, play};
use crate::scenario::Matrix;

/// Where the report begins and ends in a document.
const MARKS: [&str; 2] = ["<!-- policy: begin -->", "<!-- policy: end -->"];

/// One policy in one scenario.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) scenario: Scenario<'a>,
    pub(crate) player: Player,
    pub(crate) outcome: Outcome,
}

/// Plays every scenario of the files, and writes tables between the marks of `document` and pictures beside it.
///
/// # Errors
/// A file cannot be read or written, or holds no scenarios; the document has no marks.
pub fn report(files: &[PathBuf], document: &Path) -> Result<String, SimError> {
    let matrices = files.iter().map(|file| Matrix::read(file)).collect::<Result<Vec<_>, _>>()?;
    let rows = play_all(&matrices)?;
    let mut text = String::new();
    let skipped: usize =
        matrices.iter().flat_map(Scenario::all).filter(|scenario| !scenario.device().has_room()).count();
    let _ = writeln!(
        text,
        "{} runs of {} scenarios; {skipped} more were left out, since beside that neighbour the model would not have been \
         loaded. The files are in `crates/policy-sim/scenarios`. No card was measured: speeds are those of",
        rows.len(),
        matrices.iter().flat_map(Scenario::all).count() - skipped,
    );
    let mut curves: Vec<_> = matrices.iter().map(|matrix| &matrix.curve).collect();
    curves.dedup_by_key(|curve| &curve.name);
    curves.sort_by_key(|curve| &curve.name);
    curves.dedup_by_key(|curve| &curve.name);
    for curve in curves {
        let _ = writeln!(text, "- **{}**: {}", curve.name, curve.measured);
    }
    text.push('\n');
    Figures::new(&matrices, &rows).write(&mut text);
    let _ = writeln!(
        text,
        "Deciding on a batch of 128 texts took {:.1} µs here (aim: less than 20), planning, reading and learning together: the \
         fastest of 200 windows of 2,048 texts.",
        timing::micros_a_batch()?
    );
    let folder = document.parent().unwrap_or(Path::new("."));
    for (name, svg) in picture::pictures(&matrices, &rows)? {
        let path = folder.join(name);
        std::fs::write(&path, svg).map_err(|error| SimError::write(&path, error))?;
    }
    let old = std::fs::read_to_string(document).map_err(|error| SimError::read(document, error))?;
    let new = between_marks(&old, &text).ok_or_else(|| {
        SimError::makes_no_sense(document, format!("there is no {} before {}", MARKS[0], MARKS[1]))
    })?;
    std::fs::write(document, new).map_err(|error| SimError::write(document, error))?;
    Ok(text)
}

/// On all processors; in the order of the files.
fn play_all(matrices: &[Matrix]) -> Result<Vec<Row<'_>>, SimError> {
    let jobs: Vec<(Scenario<'_>, Player)> = matrices
        .iter()
        .flat_map(Scenario::all)
        .filter(|scenario| scenario.device().has_room())
        .flat_map(|scenario| scenario.matrix.policies.iter().map(move |player| (scenario, *player)))
        .collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let worker = || {
        while let Some(&(scenario, player)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let row = play(player, &scenario, |_, _| {}).map(|outcome| Row { scenario, player, outcome });
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(row);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
    let rows = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut rows = rows.into_iter().collect::<Result<Vec<Row<'_>>, _>>()?;
    let place = |row: &Row<'_>| {
        let at =
            |(scenario, player): &(Scenario<'_>, Player)| scenario.is(&row.scenario) && *player == row.player;
        jobs.iter().position(at)
    };
    rows.sort_by_cached_key(place);
    Ok(rows)
}

/// The document with the report between its marks.
fn between_marks(document: &str, report: &str) -> Option<String> {
    let (before, rest) = document.split_once(MARKS[0])?;
    let (_, after) = rest.split_once(MARKS[1])?;
    Some(format!("{before}{}\n\n{}\n\n{}{after}", MARKS[0], report.trim(), MARKS[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced_and_nothing_else() {
        let document = format!("a\n{}\nold\n{}\nb\n", MARKS[0], MARKS[1]);
        let new = between_marks(&document, "new\n").unwrap_or_default();
        assert_eq!(new, format!("a\n{}\n\nnew\n\n{}\nb\n", MARKS[0], MARKS[1]));
        assert_eq!(between_marks(&new, "new\n"), Some(new.clone()), "twice is once");
        assert_eq!(between_marks("no marks", "new"), None);
    }
}
