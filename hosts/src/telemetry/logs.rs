//! How a line of the log looks.

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::{
    Layer,
    filter::{FilterExt as _, LevelFilter, Targets},
    fmt::{self, MakeWriter},
    layer::Filter,
    registry::LookupSpan,
};

use crate::config::{LogFilter, LogFormat};

/// Our crates' names all begin with this.
const OURS: &str = "punctual";

/// How logs look, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appearance {
    /// Lines for people.
    Human {
        /// With colours.
        is_coloured: bool,
    },
    /// A JSON object per line.
    Json,
}

impl Appearance {
    /// Decides by what standard error is, where nobody said.
    #[must_use]
    pub fn choose(format: LogFormat) -> Self {
        // NO_COLOR: https://no-color.org
        let wants_colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self::choose_for(format, std::io::stderr().is_terminal(), wants_colour)
    }

    fn choose_for(format: LogFormat, is_terminal: bool, wants_colour: bool) -> Self {
        match format {
            LogFormat::Json => Self::Json,
            LogFormat::Auto if !is_terminal => Self::Json,
            LogFormat::Auto | LogFormat::Human => Self::Human {
                is_coloured: is_terminal && wants_colour,
            },
        }
    }
}

/// What is logged: what was chosen, and of the libraries never more than `INFO`. Below that they print what they carry, and they carry tokens,
/// passwords and what people wrote.
pub(super) fn filter<S: Subscriber>(chosen: &LogFilter) -> impl Filter<S> + Send + Sync + use<S> {
    let details_of_ours = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target(OURS, LevelFilter::TRACE);
    chosen.to_env_filter().and(details_of_ours)
}

/// What writes logs.
pub(super) fn layer<S, W>(appearance: Appearance, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer);
    match appearance {
        Appearance::Human { is_coloured } => Box::new(lines.compact().with_ansi(is_coloured)),
        Appearance::Json => Box::new(
            lines
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{Registry, layer::SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(appearance: Appearance) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber = Registry::default().with(layer(appearance, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(actor = "user/1", waiting = 3, "publishing \"failed\"\nagain");
        });
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn whatever_is_chosen_the_details_of_libraries_are_not_logged() {
        for chosen in ["trace", "info,tungstenite=trace", "tungstenite::protocol=debug"] {
            let memory = Memory::default();
            let writer = memory.clone();
            let lines = layer(Appearance::Json, move || writer.clone());
            let subscriber = Registry::default().with(lines.with_filter(filter(&chosen.parse().unwrap())));
            tracing::subscriber::with_default(subscriber, || {
                tracing::trace!(target: "tungstenite::protocol", "Received message pt1.secret");
                tracing::debug!(target: "hyper::proto::h1", "pt1.secret");
                tracing::trace!(target: "punctual_actors::turn", "a detail of ours");
            });
            let bytes = memory.0.lock().unwrap().clone();
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("secret"), "{text}");
            assert_eq!(text.contains("a detail of ours"), chosen == "trace", "{text}");
        }
    }

    #[test]
    fn a_json_line_is_one_object_with_the_fields_at_the_top() {
        let text = logged(Appearance::Json);
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "publishing \"failed\"\nagain");
        assert_eq!(line["actor"], "user/1");
        assert_eq!(line["waiting"], 3);
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn a_line_for_people_has_no_escapes_without_colour() {
        let text = logged(Appearance::Human { is_coloured: false });
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.contains("waiting=3"), "{text}");
    }

    #[test]
    fn logs_are_json_unless_somebody_watches_or_asks() {
        let human = |is_coloured| Appearance::Human { is_coloured };
        assert_eq!(Appearance::choose_for(LogFormat::Auto, true, true), human(true));
        assert_eq!(Appearance::choose_for(LogFormat::Auto, true, false), human(false));
        assert_eq!(Appearance::choose_for(LogFormat::Auto, false, true), Appearance::Json);
        assert_eq!(Appearance::choose_for(LogFormat::Human, false, true), human(false));
        assert_eq!(Appearance::choose_for(LogFormat::Json, true, true), Appearance::Json);
    }
}
