//! Zones from everywhere, by what their clocks do.

use chrono_tz::Tz;

/// Many changed their rules between 2010 and 2020.
pub(crate) const ZONES: [Tz; 50] = [
    // An hour forward in spring, back in autumn.
    Tz::Europe__Paris,
    Tz::Europe__London,
    Tz::Europe__Lisbon,
    Tz::Europe__Athens,
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Los_Angeles,
    Tz::America__Anchorage,
    Tz::America__St_Johns,
    Tz::America__Halifax,
    // At midnight, or the evening before.
    Tz::America__Havana,
    Tz::America__Sao_Paulo,
    Tz::America__Asuncion,
    Tz::America__Santiago,
    Tz::America__Scoresbysund,
    Tz::Asia__Beirut,
    Tz::Asia__Amman,
    Tz::Asia__Damascus,
    Tz::Asia__Gaza,
    Tz::Asia__Tehran,
    // In the other half of the year, by half an hour, and around the quarter of one.
    Tz::Australia__Sydney,
    Tz::Australia__Adelaide,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Auckland,
    Tz::Pacific__Chatham,
    Tz::Asia__Kathmandu,
    Tz::Australia__Eucla,
    Tz::Asia__Kolkata,
    Tz::Asia__Yangon,
    Tz::Pacific__Marquesas,
    // Around Ramadan, and by decree.
    Tz::Africa__Casablanca,
    Tz::Africa__El_Aaiun,
    Tz::Africa__Cairo,
    Tz::Africa__Tripoli,
    Tz::Africa__Khartoum,
    // Set for good, and some of them back again.
    Tz::Europe__Moscow,
    Tz::Europe__Volgograd,
    Tz::Asia__Novosibirsk,
    Tz::Europe__Istanbul,
    Tz::Asia__Pyongyang,
    Tz::America__Caracas,
    Tz::America__Cancun,
    Tz::Africa__Windhoek,
    Tz::Africa__Sao_Tome,
    Tz::Asia__Hovd,
    // A day lost, the ends of the world, and none of it.
    Tz::Pacific__Apia,
    Tz::Pacific__Tongatapu,
    Tz::Pacific__Kiritimati,
    Tz::Pacific__Niue,
    Tz::UTC,
];
