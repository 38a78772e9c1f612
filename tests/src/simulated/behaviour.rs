//! How invented pulls go, told by whoever runs the simulation and changed while they run.

use std::time::Duration;

use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// Rules for images; the first that fits holds, and a pull without one is held until there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behaviour {
    /// Rules.
    pub rules: Vec<Rule>,
    /// Pulls that the registry bears at once; who comes beside them is turned away. Absent: any number.
    #[serde(default)]
    pub bears: Option<usize>,
}

/// How pulls of some images go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// A part of the reference.
    pub image: String,
    /// Shortest and longest time from the order (or from this rule, for pulls that were held) to the end, in milliseconds; evenly
    /// drawn. Absent: pulls are held.
    pub ends_after_ms: Option<[u64; 2]>,
    /// Pause between two reports of progress in milliseconds; 0 means one report at the start.
    pub progress_every_ms: u64,
    /// Pulls of this image end with a 401 of the registry.
    #[serde(default)]
    pub refused: bool,
    /// The node lists the image once it was pulled.
    #[serde(default)]
    pub listed: bool,
}

impl Rule {
    /// Pulls of this image are held and report progress once.
    pub fn hold(image: &str) -> Self {
        Self {
            image: image.to_owned(),
            ..Self::default()
        }
    }

    /// Pulls of this image end after a time within these bounds.
    pub fn end(image: &str, shortest: Duration, longest: Duration) -> Self {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            image: image.to_owned(),
            ends_after_ms: Some([ms(shortest), ms(longest)]),
            progress_every_ms: 0,
            refused: false,
            listed: false,
        }
    }

    /// A time to the end, drawn anew with each call.
    pub fn draw(&self) -> Option<Duration> {
        let [shortest, longest] = self.ends_after_ms?;
        let ms = rand::rng().random_range(shortest..=longest.max(shortest));
        Some(Duration::from_millis(ms))
    }

    /// Pause between two reports, if there is more than one.
    pub fn pause(&self) -> Option<Duration> {
        (self.progress_every_ms > 0).then(|| Duration::from_millis(self.progress_every_ms))
    }
}

impl Behaviour {
    /// The rule for an image.
    pub fn rule(&self, reference: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| reference.contains(&rule.image))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_holds() {
        let behaviour = Behaviour {
            rules: vec![
                Rule::hold("slow/"),
                Rule::end("", Duration::from_millis(5), Duration::from_millis(7)),
            ],
            bears: None,
        };
        let rule = |image| behaviour.rule(image).expect("a rule");
        assert_eq!(rule("host/slow/a:1").draw(), None);
        let drawn = rule("host/fast/a:1").draw().expect("an end");
        assert!((5..=7).contains(&drawn.as_millis()));
        assert!(Behaviour::default().rule("host/a:1").is_none());
    }
}
