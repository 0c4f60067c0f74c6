use super::table;
use crate::show::sample::{NOW, PIPE, incidents, plain, terminal};

#[test]
fn in_a_pipe() {
    let all = incidents().incidents;
    insta::assert_snapshot!(plain(&table(&all, false, NOW, PIPE), PIPE));
}

#[test]
fn in_80_columns() {
    let (all, canvas) = (incidents().incidents, terminal(80));
    insta::assert_snapshot!(plain(&table(&all, false, NOW, canvas), canvas));
}

#[test]
fn none() {
    assert_eq!(table(&[], true, NOW, PIPE), "no incident is open\n");
    assert_eq!(table(&[], false, NOW, PIPE), "no incidents are known\n");
}
