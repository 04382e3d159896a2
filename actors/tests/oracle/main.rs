//! Random rules against python-dateutil, which is asked as they are made: `cargo xtask test --only recurrence-oracle`. Whatever differs must have one of the reasons of
//! `differences.rs`, which are those of `docs/recurrence.md`.

mod compare;
mod differences;
mod python;
mod rules;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime};

use compare::{Verdict, compare};
use python::Oracle;
use rules::Random;

/// Occurrences of each rule that are compared.
const MOST: usize = 12;
const SEED: u64 = 1;

/// Some whose clocks change by an hour, by half of one, at midnight, in the other half of the year, and not at all.
const ZONES: [&str; 7] = [
    "Europe/Paris",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
];

/// What both are asked.
struct Question {
    rule: String,
    start: NaiveDateTime,
    zone: &'static str,
}

impl Question {
    fn random(random: &mut Random) -> Self {
        let rule = rules::rule(random);
        let zone = *random.pick(&ZONES);
        // From 1990 to 2036. Half of them in the small hours, where clocks change.
        let second = random.between(631_152_000, 2_114_380_800);
        let start = DateTime::from_timestamp(second, 0).expect("a year we know").naive_utc();
        let start = if random.one_in(2) {
            let minute = i32::try_from(random.between(0, 239)).expect("small");
            start.date().and_hms_opt(0, 0, 0).expect("midnight") + chrono::TimeDelta::minutes(minute.into())
        } else {
            start
        };
        let rule = rules::ended(random, rule, start);
        Self { rule, start, zone }
    }
}

#[test]
fn random_rules_give_what_python_dateutil_gives_or_differ_for_a_known_reason() {
    let (wanted, seed, for_a_rule_s) = extent();
    println!("{wanted} rules from seed {seed}");
    let mut random = Random(seed);
    let mut verdicts: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut unexplained = Vec::new();
    let (mut asked, mut compared) = (0, 0);
    while compared < wanted {
        let questions: Vec<Question> = (compared..wanted).map(|_| Question::random(&mut random)).collect();
        asked += questions.len();
        assert!(asked < 2 * wanted, "the oracle answers too few rules in its time");
        for (question, verdict) in questions.iter().zip(verdicts_on(&questions, for_a_rule_s)) {
            // What is compared with nothing does not count.
            compared += usize::from(!matches!(verdict, Verdict::AgreesSoFar { found: 0 }));
            let name = match verdict {
                Verdict::Agrees => "agree".to_owned(),
                Verdict::AgreesSoFar { found: 0 } => "besides, of which it found nothing in its time".to_owned(),
                Verdict::AgreesSoFar { .. } => "agree as far as it came in its time".to_owned(),
                Verdict::Differs(reason) => format!("differ: {reason}"),
                Verdict::Unexplained(what) => {
                    unexplained.push(what);
                    continue;
                }
            };
            let example = || format!("{} from {} in {}", question.rule, question.start, question.zone);
            verdicts.entry(name).or_insert_with(|| (0, example())).0 += 1;
        }
    }
    println!("{compared} compared of {asked}:");
    for (name, (count, example)) in &verdicts {
        println!("{count:>6} {name} (the first: {example})");
    }
    let shown = unexplained.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(
        unexplained.is_empty(),
        "{} differ for no known reason:\n{shown}",
        unexplained.len()
    );
    // Of the rest it came some of the way only.
    let agree = verdicts.get("agree").map_or(0, |(count, _)| *count);
    assert!(agree > wanted / 2, "only {agree} were compared whole");
}

#[expect(clippy::disallowed_methods, reason = "a test may use every processor")]
/// What comes of each, in their order. Each processor has an oracle: it is slow, and its time for a rule is the processor's, not the clock's.
fn verdicts_on(questions: &[Question], for_a_rule_s: &str) -> Vec<Verdict> {
    let oracles = std::thread::available_parallelism().map_or(1, usize::from);
    let share = questions.len().div_ceil(oracles);
    let judge = |share: &[Question]| -> Vec<Verdict> {
        let mut oracle = Oracle::start(for_a_rule_s);
        share
            .iter()
            .map(|question| compare(question, &oracle.ask(question)))
            .collect()
    };
    std::thread::scope(|scope| {
        let judges: Vec<_> = questions
            .chunks(share)
            .map(|share| scope.spawn(move || judge(share)))
            .collect();
        judges
            .into_iter()
            .flat_map(|judge| judge.join().expect("it judges"))
            .collect()
    })
}

/// How many are to be compared, from which seed, and how long the other may take for one: every change is tried with the same rules, so that it fails for its own faults; the long run looks for new ones.
#[expect(
    clippy::disallowed_methods,
    reason = "how the test was started, and a seed from the clock"
)]
fn extent() -> (usize, u64, &'static str) {
    let seed = std::env::var("PUNCTUAL_ORACLE_SEED")
        .ok()
        .map(|seed| seed.parse().expect("a number"));
    if std::env::var_os("PUNCTUAL_TEST_LONG").is_none() {
        return (5_000, seed.unwrap_or(SEED), "0.02");
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = seed.unwrap_or_else(|| now.expect("after 1970").as_secs());
    (100_000, seed, "0.1")
}
