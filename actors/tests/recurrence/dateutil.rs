//! The tests of python-dateutil. Where it says something else, the reason is here.

use punctual_actors::recurrence::RuleError;

use crate::{Case, tell, wall, walls};

const FACTS: &str = include_str!("dateutil.txt");

/// A week without a day of the week: RFC 5545 takes what a rule leaves open from the start (as RFC 8984, section 4.3.3, spells out), so it is the start's day; python-dateutil
/// takes all seven.
const WEEK_WITHOUT_DAY: [&str; 1] = ["YearlyByWeekNo"];

/// What a fact came to.
enum Outcome {
    Agrees,
    /// The standard forbids the rule, python-dateutil takes it.
    Forbidden,
    /// BYEASTER, which is python-dateutil's own.
    NotOfTheStandard,
}

#[test]
fn the_rules_python_dateutil_tests_give_the_dates_it_expects() {
    let [mut agreeing, mut forbidden, mut foreign, mut differing] = [0; 4];
    for line in FACTS.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split('|').next().unwrap_or_default();
        match outcome(line) {
            Ok(_) if WEEK_WITHOUT_DAY.contains(&name) => panic!("{name} agrees after all"),
            Err(_) if WEEK_WITHOUT_DAY.contains(&name) => differing += 1,
            Ok(Outcome::Agrees) => agreeing += 1,
            Ok(Outcome::Forbidden) => forbidden += 1,
            Ok(Outcome::NotOfTheStandard) => foreign += 1,
            Err(difference) => panic!("{name}: {difference}"),
        }
    }
    tell(&format!(
        "python-dateutil's own tests: {agreeing} agree, {differing} differ for the reason given, {forbidden} are refused as RFC 5545 forbids them, {foreign} have BYEASTER"
    ));
    assert_eq!([agreeing, differing, forbidden, foreign], COUNTS);
}

const COUNTS: [u32; 4] = [182, 1, 56, 21];

fn outcome(line: &str) -> Result<Outcome, String> {
    let [name, rule, start, added, excluded, expected] = line.splitn(6, '|').collect::<Vec<_>>()[..] else {
        return Err("it is no fact".to_owned());
    };
    let expected = walls(expected);
    let mut case = Case {
        rule,
        start: wall(start),
        added: walls(added),
        excluded: walls(excluded),
    };
    // A start the rule does not name is the first occurrence here, and counts.
    let is_named = expected.first() == Some(&case.start) || case.excluded.contains(&case.start);
    let counting_on;
    if !is_named && let Some((_, count)) = rule.split_once("COUNT=") {
        let count: usize = count.split(';').next().unwrap_or_default().parse().expect("a count");
        counting_on = rule.replace(&format!("COUNT={count}"), &format!("COUNT={}", count + 1));
        case.rule = &counting_on;
    }
    let found = match case.occurrences(1_000) {
        Ok(found) => found,
        Err(RuleError::Unsupported { .. }) if rule.contains("BYEASTER") => return Ok(Outcome::NotOfTheStandard),
        Err(RuleError::Malformed { reason })
            if reason.contains("not allowed")
                || reason.contains("no ordinals")
                || reason.contains("another BY part") =>
        {
            return Ok(Outcome::Forbidden);
        }
        Err(error) => return Err(format!("{rule}: {error}")),
    };
    let found = found.get(usize::from(!is_named)..).unwrap_or_default();
    if found == expected {
        Ok(Outcome::Agrees)
    } else {
        Err(format!("{rule} from {start}: {found:?}, not {expected:?} ({name})"))
    }
}
