//! [`Script`]: everything that the library answers, and its text.

use std::fmt;
use std::str::FromStr;

use crate::card::{Card, Failure, Memory, Process};

/// What the library answers, as a whole.
///
/// Its text has one fact a line, a word and its values: `card`, then what belongs to that card; `part` begins an instance
/// of the card above it. A failure is `!` and its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    pub(crate) init: Option<Failure>,
    pub(crate) cuda_init: Option<u32>,
    pub(crate) cards: Vec<Card>,
    /// CUDA's own order of the cards, as places in `cards`.
    pub(crate) fastest_first: Vec<usize>,
    /// Variables in place of the process's: `None` for one that is not set.
    pub(crate) environment: Vec<(String, Option<String>)>,
}

impl Script {
    /// These cards, in NVML's order.
    pub fn new(cards: impl IntoIterator<Item = Card>) -> Self {
        Script { cards: cards.into_iter().collect(), ..Script::default() }
    }

    /// Starting NVML fails.
    #[must_use]
    pub fn init_fails(mut self, failure: Failure) -> Self {
        self.init = Some(failure);
        self
    }

    /// `cuInit` answers with this error of CUDA's.
    #[must_use]
    pub fn cuda_init_fails(mut self, code: u32) -> Self {
        self.cuda_init = Some(code);
        self
    }

    /// CUDA's order of the cards where nothing asks for the bus's order, as places in NVML's; NVML's order unless told.
    #[must_use]
    pub fn fastest_first(mut self, order: impl IntoIterator<Item = usize>) -> Self {
        self.fastest_first = order.into_iter().collect();
        self
    }

    /// What the library takes a variable of the environment to be, whatever the process's says.
    #[must_use]
    pub fn variable<'a>(mut self, name: &str, value: impl Into<Option<&'a str>>) -> Self {
        self.environment.push((name.to_owned(), value.into().map(str::to_owned)));
        self
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Failure(code)) = self.init {
            writeln!(f, "init !{code}")?;
        }
        if let Some(code) = self.cuda_init {
            writeln!(f, "cuda-init !{code}")?;
        }
        if !self.fastest_first.is_empty() {
            let order: Vec<String> = self.fastest_first.iter().map(usize::to_string).collect();
            writeln!(f, "fastest-first {}", order.join(" "))?;
        }
        for (name, value) in &self.environment {
            match value {
                Some(value) => writeln!(f, "variable {name} {value}")?,
                None => writeln!(f, "no-variable {name}")?,
            }
        }
        self.cards.iter().try_for_each(|card| write_card(f, "card", card))
    }
}

fn write_card(f: &mut fmt::Formatter<'_>, kind: &str, card: &Card) -> fmt::Result {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    writeln!(f, "{kind} {} {} {}", or_dash(&card.pci), or_dash(&card.uuid), card.name)?;
    for (word, answers) in [("memory", &card.memory), ("memory-v1", &card.memory_v1)] {
        for answer in answers {
            let text = |at: &Memory| format!("{} {} {} {}", at.total, at.reserved, at.free, at.used);
            writeln!(f, "{word} {}", shown(answer, text))?;
        }
    }
    if let Some(bytes) = card.entry_size {
        writeln!(f, "entry-size {bytes}")?;
    }
    if card.integrated {
        writeln!(f, "integrated")?;
    }
    if let Some((free, total)) = card.context {
        writeln!(f, "context {free} {total}")?;
    }
    if let Some((calls, Failure(code))) = card.restarted_after {
        writeln!(f, "restarted-after {calls} {code}")?;
    }
    for answer in &card.utilization {
        writeln!(f, "utilization {}", shown(answer, u32::to_string))?;
    }
    for (kind, answers) in [("compute", &card.compute), ("graphics", &card.graphics), ("mps", &card.mps)] {
        for answer in answers {
            let text = |list: &Vec<Process>| list.iter().map(process).collect::<Vec<_>>().join(" ");
            writeln!(f, "{kind} {}", shown(answer, text))?;
        }
    }
    if let Some(luid) = card.luid {
        writeln!(f, "luid {luid}")?;
    }
    if let Some(calls) = card.lost_after {
        writeln!(f, "lost-after {calls}")?;
    }
    if let Some(calls) = card.gone_after {
        writeln!(f, "gone-after {calls}")?;
    }
    if let Some(parts) = &card.instances {
        writeln!(f, "mig")?;
        parts.iter().try_for_each(|part| write_card(f, "part", part))?;
    }
    Ok(())
}

fn shown<T>(answer: &Result<T, Failure>, text: impl Fn(&T) -> String) -> String {
    match answer {
        Ok(value) => text(value),
        Err(Failure(code)) => format!("!{code}"),
    }
}

fn process(process: &Process) -> String {
    let pid = process.pid.map_or("this".to_owned(), |pid| pid.to_string());
    let bytes = process.bytes.map_or("untold".to_owned(), |bytes| bytes.to_string());
    format!("{pid}={bytes}")
}

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut script = Script::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            read_line(&mut script, line).ok_or_else(|| format!("cannot read {line:?}"))?;
        }
        Ok(script)
    }
}

fn read_line(script: &mut Script, line: &str) -> Option<()> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "init" => script.init = Some(Failure(rest.strip_prefix('!')?.parse().ok()?)),
        "cuda-init" => script.cuda_init = Some(rest.strip_prefix('!')?.parse().ok()?),
        "fastest-first" => {
            script.fastest_first = rest.split(' ').map(|place| place.parse().ok()).collect::<Option<_>>()?;
        }
        "variable" => {
            let (name, value) = rest.split_once(' ')?;
            script.environment.push((name.to_owned(), Some(value.to_owned())));
        }
        "no-variable" => script.environment.push((rest.to_owned(), None)),
        "card" => script.cards.push(read_card(rest)?),
        "mig" => script.cards.last_mut()?.instances = Some(Vec::new()),
        "part" => script.cards.last_mut()?.instances.as_mut()?.push(read_card(rest)?),
        _ => read_answer(current(script)?, word, rest)?,
    }
    Some(())
}

/// The card or part that a line belongs to: the last.
fn current(script: &mut Script) -> Option<&mut Card> {
    let card = script.cards.last_mut()?;
    if card.instances.as_ref().is_some_and(|parts| !parts.is_empty()) {
        return card.instances.as_mut()?.last_mut();
    }
    Some(card)
}

fn read_card(text: &str) -> Option<Card> {
    let (pci, rest) = text.split_once(' ')?;
    let (uuid, name) = rest.split_once(' ')?;
    let no_dash = |text: &'_ str| if text == "-" { String::new() } else { text.to_owned() };
    Some(Card::new(&no_dash(pci), &no_dash(uuid), name))
}

fn read_answer(card: &mut Card, word: &str, text: &str) -> Option<()> {
    let pair = |text: &str| {
        let (first, second) = text.split_once(' ')?;
        Some((first.parse::<u64>().ok()?, second.parse::<u64>().ok()?))
    };
    match word {
        "memory" => card.memory.push(answer(text, read_memory)?),
        "memory-v1" => card.memory_v1.push(answer(text, read_memory)?),
        "entry-size" => card.entry_size = Some(text.parse().ok()?),
        "integrated" => card.integrated = true,
        "context" => card.context = Some(pair(text)?),
        "restarted-after" => {
            let (calls, code) = pair(text)?;
            card.restarted_after = Some((calls, Failure(u32::try_from(code).ok()?)));
        }
        "utilization" => card.utilization.push(answer(text, |text| text.parse().ok())?),
        "compute" => card.compute.push(answer(text, read_processes)?),
        "graphics" => card.graphics.push(answer(text, read_processes)?),
        "mps" => card.mps.push(answer(text, read_processes)?),
        "luid" => card.luid = Some(text.parse().ok()?),
        "lost-after" => card.lost_after = Some(text.parse().ok()?),
        "gone-after" => card.gone_after = Some(text.parse().ok()?),
        _ => return None,
    }
    Some(())
}

fn answer<T>(text: &str, value: impl Fn(&str) -> Option<T>) -> Option<Result<T, Failure>> {
    match text.strip_prefix('!') {
        Some(code) => Some(Err(Failure(code.parse().ok()?))),
        None => Some(Ok(value(text)?)),
    }
}

fn read_memory(text: &str) -> Option<Memory> {
    let values: Vec<u64> = text.split(' ').map(|value| value.parse().ok()).collect::<Option<_>>()?;
    let [total, reserved, free, used] = values[..] else { return None };
    Some(Memory { total, reserved, free, used })
}

fn read_processes(text: &str) -> Option<Vec<Process>> {
    let one = |entry: &str| {
        let (pid, bytes) = entry.split_once('=')?;
        let pid = if pid == "this" { None } else { Some(pid.parse().ok()?) };
        let bytes = if bytes == "untold" { None } else { Some(bytes.parse().ok()?) };
        Some(Process { pid, bytes })
    };
    text.split(' ').filter(|entry| !entry.is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_back_from_its_text() {
        let part =
            Card::part("MIG-1", "A card MIG 1g.5gb").memory(Memory::of(5, 1)).compute(vec![]).gone_after(9);
        let first = Card::new("0000:01:00.0", "GPU-1", "A card")
            .memory(Failure::NO_PERMISSION)
            .memory(Memory { total: 9, reserved: 1, free: 2, used: 6 })
            .compute(vec![Process::this(3), Process { pid: Some(7), bytes: None }])
            .graphics(Failure::NOT_SUPPORTED)
            .mps(vec![])
            .utilization(40)
            .luid(77)
            .memory_v1(Memory::of(8, 3))
            .memory_v1(Failure::UNKNOWN)
            .entry_size(32)
            .integrated()
            .context(5, 7)
            .restarted_after(3, Failure::NOT_FOUND)
            .lost_after(12)
            .instance(part);
        let second = Card::new("0000:02:00.0", "GPU-2", "Another card");
        let third = Card::built_in("A chip's card");
        let script = Script::new([first, second, third])
            .init_fails(Failure::UNKNOWN)
            .cuda_init_fails(100)
            .fastest_first([1, 0])
            .variable("CUDA_VISIBLE_DEVICES", "")
            .variable("CUDA_DEVICE_ORDER", None);
        assert_eq!(script.to_string().parse::<Script>(), Ok(script));
    }

    #[test]
    fn what_is_no_script_is_told() {
        for text in ["memory 1 2 3 4", "card x", "card a b c\nmemory 1", "part - b c", "init 3", "nonsense"] {
            assert!(text.parse::<Script>().is_err(), "{text:?}");
        }
    }
}
