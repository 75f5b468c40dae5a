//! The view on a terminal, until somebody has seen enough.

use std::time::Duration;

use ratatui::crossterm::event::{self, Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use semantik::Cancel;

use super::feed::Feed;
use super::hangup::end_when_terminal_is_gone;
use super::model::{Event, Key, Model, Outcome};
use super::ours;
use super::terminal::Taken;
use super::view::{Palette, View};

/// How soon a key, a signal or a reading is on the screen: at once to the eye, and next to no work.
const BLINK: Duration = Duration::from_millis(50);

/// Shows a model while a feed changes it.
///
/// # Errors
/// The terminal cannot be read or written.
pub(super) fn run(mut model: Model, feed: &Feed, cancel: &Cancel) -> std::io::Result<Outcome> {
    let palette = Palette::from_env();
    let mut taken = Taken::take()?;
    end_when_terminal_is_gone();
    let mut is_stale = true;
    loop {
        if is_stale {
            let view = View { model: &model, palette };
            taken.terminal().draw(|frame| frame.render_widget(view, frame.area()))?;
        }
        if cancel.is_set() {
            return Ok(Outcome::Interrupted);
        }
        let mut events = Vec::new();
        // Any input makes a new picture, also one that is no key: it may be a new size.
        is_stale = event::poll(BLINK)?;
        if is_stale {
            events.extend(key(&event::read()?).map(Event::Key));
        }
        while let Some(arrival) = feed.next_within(Duration::ZERO) {
            let (device, at, reading) = (arrival.device, arrival.at, arrival.reading);
            events.push(Event::Read { device, at, reading });
            if let (Some(users), Some(row)) = (arrival.users, model.rows().get(device)) {
                events.push(Event::Ours { device, ours: ours::ours(&row.device.key) });
                events.push(Event::Users { device, users });
            }
        }
        let before = model.shown_at();
        is_stale |= !events.is_empty();
        events.push(Event::Time(feed.now()));
        for event in events {
            match model.step(event) {
                Outcome::GoOn => {}
                end => return Ok(end),
            }
        }
        feed.want_users(model.shows_users());
        // Times are shown in seconds.
        is_stale |= before.as_secs() != model.shown_at().as_secs();
    }
}

/// What a person wants with a key. A new size needs no answer: the next picture has it.
fn key(input: &Input) -> Option<Key> {
    // Some terminals tell of a key's release too.
    let Input::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press | KeyEventKind::Repeat, .. }) =
        input
    else {
        return None;
    };
    Some(match code {
        KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => Key::Interrupt,
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Key::Quit,
        KeyCode::Char('p' | 'P' | ' ') => Key::Pause,
        KeyCode::Char('g' | 'G') => Key::Span,
        KeyCode::Char('u' | 'U') => Key::Users,
        KeyCode::Tab | KeyCode::Down | KeyCode::Right | KeyCode::Char('j') => Key::Next,
        KeyCode::BackTab | KeyCode::Up | KeyCode::Left | KeyCode::Char('k') => Key::Previous,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_the_footer_says() {
        let pressed = |code, modifiers| key(&Input::Key(KeyEvent::new(code, modifiers)));
        for (code, expected) in [
            (KeyCode::Char('q'), Some(Key::Quit)),
            (KeyCode::Esc, Some(Key::Quit)),
            (KeyCode::Char('p'), Some(Key::Pause)),
            (KeyCode::Char('g'), Some(Key::Span)),
            (KeyCode::Char('u'), Some(Key::Users)),
            (KeyCode::Tab, Some(Key::Next)),
            (KeyCode::Down, Some(Key::Next)),
            (KeyCode::BackTab, Some(Key::Previous)),
            (KeyCode::Up, Some(Key::Previous)),
            (KeyCode::Char('c'), None),
        ] {
            assert_eq!(pressed(code, KeyModifiers::NONE), expected, "{code:?}");
        }
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
    }

    #[test]
    fn a_key_that_is_released_and_a_new_size_do_nothing() {
        let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(key(&Input::Key(released)), None);
        assert_eq!(key(&Input::Resize(10, 10)), None);
    }
}
