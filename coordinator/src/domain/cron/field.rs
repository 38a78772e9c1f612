//! One field of a cron expression as a set of numbers: `*`, `?`, numbers, names, ranges, steps and lists of them.

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// For refusals.
    pub(super) name: &'static str,
    /// Smallest number.
    pub(super) low: u32,
    /// Largest number that `*` means.
    pub(super) high: u32,
    /// Largest number that may be written: 7 is Sunday, too.
    pub(super) written: u32,
    /// Names of the numbers, from `low`.
    pub(super) names: &'static [&'static str],
}

/// The numbers of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    /// It says "any": `*` or `?`, without a step.
    pub(super) is_any: bool,
}

impl Field {
    /// Reads a field. The error is a rule that reads after the expression.
    pub(super) fn parse(kind: Kind, text: &str) -> Result<Self, String> {
        let mut field = Self { bits: 0, is_any: false };
        for part in text.split(',') {
            field.add(kind, part)?;
        }
        if kind.written > kind.high && field.has(kind.written) {
            field.bits |= 1 << kind.low;
            field.bits &= !(1 << kind.written);
        }
        Ok(field)
    }

    fn add(&mut self, kind: Kind, part: &str) -> Result<(), String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self::step(kind, step)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => {
                self.is_any |= step.is_none_or(|step| step == 1);
                (kind.low, kind.high)
            }
            Some((from, to)) => (number(kind, from)?, number(kind, to)?),
            None => {
                let from = number(kind, range)?;
                (from, if step.is_some() { kind.high } else { from })
            }
        };
        if from > to {
            return Err(format!("has a {} that ends before it begins: {part}", kind.name));
        }
        let numbers = (from..=to).step_by(step.unwrap_or(1) as usize);
        self.bits |= numbers.fold(0, |bits, number| bits | 1 << number);
        Ok(())
    }

    /// Whether the number is among them.
    pub(super) fn has(self, number: u32) -> bool {
        self.bits >> number & 1 == 1
    }

    /// The smallest one from `from` on.
    pub(super) fn first_from(self, from: u32) -> Option<u32> {
        let rest = self.bits.checked_shr(from).filter(|rest| *rest != 0)?;
        Some(from + rest.trailing_zeros())
    }

    /// How many there are.
    pub(super) fn count(self) -> u32 {
        self.bits.count_ones()
    }
}

fn step(kind: Kind, text: &str) -> Result<u32, String> {
    digits(text).filter(|step| *step > 0).ok_or_else(|| {
        format!(
            "has a {} with the step {text:?}, which must be a number from 1",
            kind.name
        )
    })
}

fn number(kind: Kind, text: &str) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    let named = kind.names.iter().position(|name| *name == lower);
    let number = match named {
        Some(position) => u32::try_from(position).ok().map(|position| position + kind.low),
        None => digits(text),
    };
    number
        .filter(|number| (kind.low..=kind.written).contains(number))
        .ok_or_else(|| {
            let Kind { name, low, written, .. } = kind;
            format!("has the {name} {text:?}, allowed are {low} to {written}, *, ranges, steps and lists")
        })
}

fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}
