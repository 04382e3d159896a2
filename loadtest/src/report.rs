//! Figures, what is asked of them, and the table both are printed in.

use std::fmt::Write as _;

/// What a figure counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    Milliseconds,
    Megabytes,
    Kilobytes,
    Times,
}

impl Unit {
    fn write(self, value: f64) -> String {
        match self {
            _ if value.is_infinite() => "never".into(),
            Self::PerSecond => format!("{}/s", thousands(value)),
            Self::Milliseconds if value < 1.0 => format!("{value:.3} ms"),
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Megabytes => format!("{value:.1} MB"),
            Self::Kilobytes => format!("{value:.1} KB"),
            Self::Times => thousands(value),
        }
    }

    fn write_ask(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", thousands(value)),
            Self::Milliseconds => format!("{value} ms"),
            Self::Megabytes => format!("{value} MB"),
            Self::Kilobytes => format!("{value} KB"),
            Self::Times => thousands(value),
        }
    }
}

/// What is asked of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Ask {
    AtLeast(f64),
    AtMost(f64),
    /// Shown for what it tells, not judged.
    Nothing,
}

/// One line of the table.
pub(crate) struct Figure {
    what: String,
    value: f64,
    unit: Unit,
    ask: Ask,
    floor: Option<f64>,
    /// The share of the floor that is asked, in percent.
    ask_of_floor: Option<f64>,
}

impl Figure {
    /// A figure and what is asked of it.
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: Unit, ask: Ask) -> Self {
        Self {
            what: what.into(),
            value,
            unit,
            ask,
            floor: None,
            ask_of_floor: None,
        }
    }

    /// Beside the floor's figure of the same run, and the share of it that is asked.
    pub(crate) fn beside_floor(mut self, floor: f64, percent: Option<f64>) -> Self {
        self.floor = Some(floor);
        self.ask_of_floor = percent;
        self
    }

    fn percent_of_floor(&self) -> Option<f64> {
        self.floor.map(|floor| self.value / floor * 100.0)
    }

    /// Whether all that is asked is reached; `None` when nothing is.
    fn met(&self) -> Option<bool> {
        let itself = match self.ask {
            Ask::AtLeast(bound) => Some(self.value >= bound),
            Ask::AtMost(bound) => Some(self.value <= bound),
            Ask::Nothing => None,
        };
        let ratio = self
            .percent_of_floor()
            .zip(self.ask_of_floor)
            .map(|(is, asked)| is >= asked);
        match (itself, ratio) {
            (Some(itself), Some(ratio)) => Some(itself && ratio),
            (one, other) => one.or(other),
        }
    }

    fn asked(&self) -> String {
        let itself = match self.ask {
            Ask::AtLeast(bound) => Some(format!("≥ {}", self.unit.write_ask(bound))),
            Ask::AtMost(bound) => Some(format!("≤ {}", self.unit.write_ask(bound))),
            Ask::Nothing => None,
        };
        let ratio = self.ask_of_floor.map(|percent| format!("≥ {percent} % of the floor"));
        let asks: Vec<String> = itself.into_iter().chain(ratio).collect();
        if asks.is_empty() { "–".into() } else { asks.join(", ") }
    }

    fn row(&self) -> String {
        let floor = self.floor.map_or("–".into(), |floor| self.unit.write(floor));
        let percent = self
            .percent_of_floor()
            .map_or("–".into(), |percent| format!("{percent:.0} %"));
        let met = match self.met() {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "–",
        };
        format!(
            "| {} | {} | {} | {floor} | {percent} | {met} |",
            self.what,
            self.unit.write(self.value),
            self.asked()
        )
    }
}

/// What measuring a row yields.
#[derive(Default)]
pub(crate) struct Section {
    /// Lines of the table.
    pub(crate) figures: Vec<Figure>,
    /// What else there is to know, one sentence each.
    pub(crate) notes: Vec<String>,
}

/// The whole report as Markdown, and how many of its figures reach what is asked.
pub(crate) fn whole(facts: &[String], sections: &[Section]) -> String {
    format!("{}\n{}", markdown(facts, sections), verdict(sections))
}

fn markdown(facts: &[String], sections: &[Section]) -> String {
    let mut text = String::new();
    for fact in facts {
        let _ = writeln!(text, "- {fact}");
    }
    text += "\n| | measured | asked | floor | of the floor | met |\n|---|---|---|---|---|---|\n";
    for figure in sections.iter().flat_map(|section| &section.figures) {
        let _ = writeln!(text, "{}", figure.row());
    }
    text += "\n";
    for note in sections.iter().flat_map(|section| &section.notes) {
        let _ = writeln!(text, "- {note}");
    }
    text
}

/// How many of the judged figures reach what is asked.
fn verdict(sections: &[Section]) -> String {
    let figures = sections.iter().flat_map(|section| &section.figures);
    let judged: Vec<bool> = figures.filter_map(Figure::met).collect();
    let met = judged.iter().filter(|met| **met).count();
    format!("{met} of {} figures reach what is asked.", judged.len())
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_met_only_when_bound_and_share_of_the_floor_are() {
        let figure =
            |value| Figure::new("x", value, Unit::PerSecond, Ask::AtLeast(20_000.0)).beside_floor(60_000.0, Some(35.0));
        assert_eq!(figure(21_000.0).met(), Some(true));
        assert_eq!(figure(20_500.0).met(), Some(false));
        assert_eq!(figure(19_000.0).met(), Some(false));
        assert_eq!(Figure::new("x", 1.0, Unit::Times, Ask::Nothing).met(), None);
    }

    #[test]
    fn a_row_shows_figure_ask_floor_and_ratio() {
        let figure =
            Figure::new("create", 20_500.4, Unit::PerSecond, Ask::AtLeast(20_000.0)).beside_floor(60_000.0, Some(35.0));
        assert_eq!(
            figure.row(),
            "| create | 20,500/s | ≥ 20,000/s, ≥ 35 % of the floor | 60,000/s | 34 % | **no** |"
        );
        let figure = Figure::new("get, p99", 0.25, Unit::Milliseconds, Ask::AtMost(2.0));
        assert_eq!(figure.row(), "| get, p99 | 0.250 ms | ≤ 2 ms | – | – | yes |");
    }
}
