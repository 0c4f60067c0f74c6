use super::*;

#[test]
fn refusals_are_written_until_there_are_too_many_and_those_left_out_are_counted() {
    let audit = Audit::new();
    let at = |ms: u64| Tick::from_millis(100_000 + ms);
    for number in 0..BURST.get() {
        assert_eq!(audit.turn(at(0)), Some(None), "{number}");
    }
    for _ in 0..7 {
        assert_eq!(audit.turn(at(0)), None);
    }
    assert_eq!(audit.turn(at(999)), None);
    assert_eq!(audit.turn(at(1_000)), Some(Some(8)));
    assert_eq!(audit.turn(at(1_001)), None);
    assert_eq!(audit.turn(at(2_000)), Some(Some(1)));
}

#[test]
fn what_is_noted_is_trimmed_and_cut_off() {
    let deed = Deed::default();
    deed.because(Some(" \n"));
    assert_eq!(deed.noted().reason, None);
    let long = "ü".repeat(9_000);
    deed.because(Some(&long));
    deed.is(&long, Thing::Backend(&long, &long));
    deed.is("change", Thing::Other(&long));
    let noted = deed.noted();
    for text in [&noted.reason, &noted.pool, &noted.backend, &noted.subject] {
        assert_eq!(
            text.as_ref().map(|text| text.chars().count()),
            Some(LONGEST)
        );
    }
}
