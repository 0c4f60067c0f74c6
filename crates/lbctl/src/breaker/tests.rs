use super::list::table;
use crate::show::{
    Canvas,
    sample::{NOW, PIPE, plain, pools, terminal},
};

fn shown(canvas: Canvas) -> String {
    plain(&table(&pools().pools, NOW, canvas), canvas)
}

#[test]
fn in_a_pipe() {
    insta::assert_snapshot!(shown(PIPE));
}

#[test]
fn in_80_columns() {
    insta::assert_snapshot!(shown(terminal(80)));
}

#[test]
fn no_pools() {
    assert_eq!(table(&[], NOW, PIPE), "no pools are configured\n");
}
