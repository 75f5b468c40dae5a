//! A plan as text.

use semantik::gpu_telemetry::ByteCount;
use semantik::ledger::Holder;
use semantik::plan::{LengthPlan, ModelFigures, Outlook, Reference, TextsPlan, TextsRun};

use super::{Device, Plan};
use crate::counted::counted;
use crate::text::one_line;

pub(super) fn text(plan: &Plan) -> String {
    let mut text = model(&plan.model);
    if plan.is_asked {
        for card in &plan.cards {
            text += &format!("\n{}", heading_of_card(card));
            text += &outlook(card);
        }
    } else {
        text += &cards(&plan.cards);
    }
    if let Some(at_hand) = &plan.device {
        text += &device(at_hand, &plan.model);
    }
    text
}

fn bytes(count: u64) -> ByteCount {
    ByteCount::new(count)
}

fn model(model: &ModelFigures) -> String {
    let name = model.path.file_name().unwrap_or(model.path.as_os_str()).to_string_lossy();
    format!(
        "{}: {} of {}, {} wide, feed-forward {}; it reads {} of a text\n  weights      {} \
         ({:.1} million numbers in {})\n",
        one_line(&name),
        counted(model.layers, "layer"),
        counted(model.heads, "head"),
        model.hidden,
        model.feed_forward,
        counted(model.max_tokens, "token"),
        bytes(model.weights),
        model.parameters as f64 / 1e6,
        model.dtype,
    )
}

/// A line for each card: how many texts of each length have room at once.
fn cards(cards: &[Outlook]) -> String {
    let Some(first) = cards.first() else { return String::new() };
    let mut text =
        "\nTexts that have room at once on a card that nobody else uses, by their length in tokens\n"
            .to_owned();
    text += &format!("  {:<11}", "card");
    for length in &first.batches {
        text += &format!("{:>9}", length.tokens);
    }
    text += &format!("{:>22}\n", "formula");
    for card in cards {
        text +=
            &format!("  {:<11}", card.memory.map_or_else(String::new, |memory| bytes(memory).to_string()));
        for length in &card.batches {
            text += &format!(" {:>8}", length.fits);
        }
        text += &format!(" {:>21}\n", formula(card.reference));
    }
    text += &format!("  {:<11}", "a token");
    for length in &first.batches {
        text += &format!("{:>9}", short(length.token_bytes));
    }
    text + "\n"
}

/// `128 of 344` where the formula's bounds changed what it gives.
fn formula(reference: Reference) -> String {
    if reference.before_cap == reference.texts as u64 {
        return reference.texts.to_string();
    }
    format!("{}, uncapped {}", reference.texts, reference.before_cap)
}

/// In few columns: `27 KiB`.
fn short(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{} KiB", count.div_ceil(1024)),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

fn heading_of_card(card: &Outlook) -> String {
    let memory = card.memory.map_or_else(String::new, |memory| format!(" of {}", bytes(memory)));
    match card.used {
        Some(used) if used > 0 => format!("A card{memory}, {} of it used by others\n", bytes(used)),
        _ => format!("A card{memory} that nobody else uses\n"),
    }
}

/// What there is for batches, and the batches of each length.
fn outlook(outlook: &Outlook) -> String {
    let mut text = match outlook.free {
        Some(free) => format!("  free         {}\n", bytes(free)),
        None => "  free         not known: the memory limit counts, or 1 GiB\n".to_owned(),
    };
    if !outlook.weights_fit {
        text += &format!("  the weights have no room: they are {}\n", bytes(outlook.weights));
    }
    if outlook.promised > 0 {
        text += &format!("  promised     {} to other processes of yours\n", bytes(outlook.promised));
    }
    text += &format!("  for batches  {} beside the weights\n", bytes(outlook.usable));
    let known =
        if outlook.is_learned { "as earlier runs learned" } else { "until it is learned what keeps it busy" };
    text += &format!("  a batch      has {}, {known}\n", counted(outlook.busy_tokens, "token"));
    if let Some(largest) = outlook.largest_tensor {
        text += &format!("  a tensor     has {} at most\n", bytes(largest));
    }
    text += &format!(
        "\n  {:>6}{:>11}{:>12}{:>15}{:>13}{:>20}\n",
        "tokens", "a token", "have room", "run together", "they take", "formula"
    );
    for length in &outlook.batches {
        text += &length_line(length, outlook.reference);
    }
    if let Some(plan) = &outlook.texts {
        text += &texts(plan);
    }
    text
}

fn length_line(length: &LengthPlan, reference: Reference) -> String {
    let LengthPlan { tokens, token_bytes, fits, texts, peak } = *length;
    let peak = if texts == 0 { "–".to_owned() } else { bytes(peak).to_string() };
    let cost = short(token_bytes);
    format!("  {tokens:>6}{cost:>11}{fits:>12}{texts:>15}{peak:>13} {:>19}\n", formula(reference))
}

fn texts(plan: &TextsPlan) -> String {
    let tokens = usize::try_from(plan.tokens).unwrap_or(usize::MAX);
    let mut text = format!("\n  {} of {}", counted(plan.texts, "text"), counted(tokens, "token"));
    if plan.cut > 0 {
        text += &format!(", {} of them cut to what the model reads", plan.cut);
    }
    if plan.never_fit > 0 {
        text += &format!(", {} too long for this device", plan.never_fit);
    }
    text += &format!(
        "\n  {:<9}{:>9}{:>13}{:>10}{:>13}{:>22}\n",
        "", "batches", "computed", "padding", "the largest", "over what there is"
    );
    for (name, run) in [("ours", plan.ours), ("formula", plan.reference)] {
        let TextsRun { batches, computed_tokens, padding, largest_peak, over_budget } = run;
        let (padding, largest) = (format!("{:.1}%", padding * 100.0), bytes(largest_peak).to_string());
        text += &format!(
            "  {name:<9}{batches:>9}{computed_tokens:>13}{padding:>10}{largest:>13}{over_budget:>22}\n"
        );
    }
    text
}

fn device(device: &Device, model: &ModelFigures) -> String {
    let Device { surveyed, outlook: now, ours } = device;
    let mut text = format!("\n{} now: {}", surveyed.info.spec(), one_line(&surveyed.name));
    if let (Some(memory), Some(used)) = (now.memory, now.used) {
        text += &format!(", {} of {} used", bytes(used), bytes(memory));
    }
    text += "\n";
    if let Some(error) = &surveyed.memory_error {
        text += &format!("  memory not known: {}\n", one_line(error));
    }
    if now.dtype != model.dtype {
        let (here, weights) = (now.dtype, bytes(now.weights));
        text += &format!(
            "  computes in  {here}, in which its weights are {weights}: this processor has no way for {}\n",
            model.dtype
        );
    }
    text += &outlook(now);
    match &surveyed.processes {
        Some(processes) if !processes.is_empty() => {
            text += "\n  used by\n";
            for process in processes.iter().take(SHOWN) {
                let used = process.used.map_or_else(|| "–".to_owned(), |used| bytes(used).to_string());
                let name = one_line(process.name.as_deref().unwrap_or("–"));
                text += &format!("  {:>9} {used:>12}  {name}\n", process.pid);
            }
            if processes.len() > SHOWN {
                text += &format!("  and {} more\n", processes.len() - SHOWN);
            }
        }
        Some(_) => {}
        None => text += "\n  who uses it nobody here tells\n",
    }
    if !ours.is_empty() {
        text += "\n  yours that embed there\n";
        text += &ours.iter().map(our_line).collect::<String>();
    }
    text
}

/// How many users of a device are shown.
const SHOWN: usize = 10;

fn our_line(holder: &Holder) -> String {
    let Holder { pid, promised, held, waiting, .. } = holder;
    let waiting = match waiting {
        Some(time) => format!(", has waited for more for {} s", time.as_secs()),
        None => String::new(),
    };
    format!("  {pid:>9} {:>12}  promised {promised}{waiting}\n", held.to_string())
}
