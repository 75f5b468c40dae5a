//! Who uses the selected device.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use semantik::gpu_telemetry::DeviceProcess;

use super::super::{ours, words};
use super::{View, rule};
use crate::text::one_line;

impl View<'_> {
    /// This user's own first; then as many as there is room for, the greediest first, and how many more there are.
    pub(super) fn users(&self, area: Rect, buffer: &mut Buffer) {
        let Some(row) = self.model.rows().get(self.model.selected()) else { return };
        let mut lines = area.rows();
        if let Some(line) = lines.next() {
            rule("who uses it", line, buffer);
        }
        let width = usize::from(area.width).saturating_sub(3);
        let mut told: Vec<String> = row.ours.iter().map(ours::line).collect();
        let left = usize::from(area.height).saturating_sub(1 + told.len());
        told.extend(match &row.users {
            None => vec!["asking…".to_owned()],
            Some(Ok(processes)) if processes.is_empty() => vec!["no process is listed".to_owned()],
            Some(Ok(processes)) => listed(processes, left),
            Some(Err(error)) => words::wrap(&one_line(&error.to_string()), width),
        });
        for (line, told) in lines.zip(told) {
            let told = Line::raw(format!("  {}", words::cut(&told, width)));
            buffer.set_line(line.x, line.y, &told, line.width);
        }
    }
}

fn listed(processes: &[DeviceProcess], room: usize) -> Vec<String> {
    let shown = if processes.len() > room { room.saturating_sub(1) } else { room };
    let mut lines: Vec<String> = processes.iter().take(shown).map(line).collect();
    if processes.len() > shown {
        lines.push(format!("and {} more", processes.len() - shown));
    }
    lines
}

/// What it holds, its id, its name and what it does there. A process chooses its name, which may not move the cursor.
fn line(process: &DeviceProcess) -> String {
    let name = process.name.as_deref().unwrap_or(words::UNKNOWN);
    let kind = process.kind.map(|kind| format!("  {kind}")).unwrap_or_default();
    format!("{:>11} {:>8}  {}{kind}", words::bytes(process.used), process.pid, one_line(name))
}
