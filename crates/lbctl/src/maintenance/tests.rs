use soe503_api::{Maintenance, Timestamp};

use super::list::table;
use crate::show::sample::{NOW, PIPE, plain};

fn one(pool: &str, start: u64, end: Option<u64>) -> Maintenance {
    Maintenance {
        pools: vec![pool.to_owned()],
        routes: vec!["GET */api/".to_owned()],
        in_force: start <= 1_795_369_268,
        manual: false,
        reason: "The database moves".to_owned(),
        by: "the configuration".to_owned(),
        status_page: Some("https://status.example/".to_owned()),
        start: Timestamp::from_unix_secs(start),
        end: end.map(Timestamp::from_unix_secs),
    }
}

#[test]
fn what_is_in_force_and_what_is_planned() {
    let all = [
        one("app", 1_795_369_208, Some(1_795_372_868)),
        one("search", 1_795_372_868, None),
    ];
    insta::assert_snapshot!(plain(&table(&all, NOW, PIPE), PIPE));
}

#[test]
fn nothing() {
    let nothing = "no maintenance is in force or planned\n";
    assert_eq!(table(&[], NOW, PIPE), nothing);
}
