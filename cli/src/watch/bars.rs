//! Draws the frame of a watch on the terminal, in place. Knows lines, nothing of tasks.

use super::{
    frame::{self, Glyphs},
    model::Model,
};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Lines on the terminal.
pub struct Bars {
    screen: MultiProgress,
    lines: Vec<ProgressBar>,
    style: ProgressStyle,
    glyphs: Glyphs,
    drawn: Vec<String>,
    /// Whether the last change is certainly on the terminal: drawing is limited in rate, and the last of many changes may wait.
    settled: bool,
}

impl Default for Bars {
    fn default() -> Self {
        Self {
            screen: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)),
            lines: vec![],
            style: ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
            glyphs: if shows_unicode() { Glyphs::BLOCKS } else { Glyphs::ASCII },
            drawn: vec![],
            settled: true,
        }
    }
}

impl Bars {
    /// Draws what is known; lines that say the same as before are left alone.
    pub fn draw(&mut self, model: &Model, now_ms: i64) {
        // The size is asked each time: people resize. One row stays for the cursor.
        let (rows, _columns) = console::Term::stderr().size();
        let frame = frame::lines(model, usize::from(rows).saturating_sub(1).max(2), self.glyphs, now_ms);
        if frame == self.drawn {
            if !self.settled {
                self.lines.iter().take(1).for_each(ProgressBar::tick);
                self.settled = true;
            }
            return;
        }
        self.fit(frame.len());
        for (at, (line, text)) in self.lines.iter().zip(&frame).enumerate() {
            if self.drawn.get(at) != Some(text) {
                line.set_message(text.clone());
            }
        }
        self.drawn = frame;
        self.settled = false;
    }

    fn fit(&mut self, count: usize) {
        while self.lines.len() < count {
            let line = self.screen.add(ProgressBar::new_spinner());
            line.set_style(self.style.clone());
            self.lines.push(line);
        }
        for line in self.lines.drain(count..) {
            self.screen.remove(&line);
        }
    }

    /// Writes a line above the frame.
    pub fn note(&mut self, text: &str) {
        // A terminal that went away shows nothing more; the watch goes on for its exit code.
        let _gone = self.screen.println(text);
    }

    /// Takes the frame off the terminal.
    pub fn clear(&mut self) {
        self.fit(0);
        let _gone = self.screen.clear();
    }
}

fn shows_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let first = set
        .into_iter()
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_ascii_uppercase();
    first.contains("UTF-8") || first.contains("UTF8")
}
