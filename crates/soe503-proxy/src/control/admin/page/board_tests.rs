use super::*;

fn part(id: &str, html: &str) -> Part {
    Part {
        id: id.into(),
        html: html.into(),
        state: None,
    }
}

fn row(number: usize, state: u64, html: &str) -> Part {
    Part {
        id: format!("b{number}"),
        html: html.into(),
        state: Some(state),
    }
}

fn ids(update: Update) -> Vec<String> {
    match update {
        Update::Parts(parts) => parts.into_iter().map(|(id, _)| id).collect(),
        Update::Again => vec!["again".into()],
    }
}

#[test]
fn a_reader_gets_what_has_changed_since_it_looked_and_nothing_else() {
    let mut board = Board::default();
    board.post(vec![part("a", "1"), part("b", "1")], true);
    let seen = board.number();
    board.post(vec![part("a", "1"), part("b", "2")], false);
    assert_eq!(
        board.since(seen),
        Update::Parts(vec![("b".into(), "2".into())])
    );
    let later = board.number();
    board.post(vec![part("a", "1"), part("b", "2")], false);
    assert_eq!(ids(board.since(later)), [""; 0]);
    board.post(vec![part("a", "3"), part("b", "3")], false);
    assert_eq!(ids(board.since(later)), ["a", "b"]);
    assert_eq!(
        ids(board.since(seen)),
        ["a", "b"],
        "each part once, however long it was away"
    );
}

#[test]
fn other_parts_are_another_page_and_so_is_another_process() {
    let mut board = Board::default();
    board.post(vec![part("a", "1"), part("b", "1")], true);
    let seen = board.number();
    board.post(vec![part("b", "1"), part("a", "1")], false);
    assert_eq!(board.since(seen), Update::Again);
    assert_eq!(ids(board.since(board.number())), [""; 0]);
    assert_eq!(
        board.since(board.number() + 1),
        Update::Again,
        "a number from elsewhere"
    );
}

#[test]
fn rows_that_only_count_take_turns_and_none_is_forgotten() {
    let many = 1_000;
    let page = |round: u64| -> Vec<Part> {
        let rows = (0..many).map(|at| row(at, 0, &format!("{round}{}", "x".repeat(400))));
        rows.collect()
    };
    let mut board = Board::default();
    board.post(page(0), true);
    let mut seen = board.number();
    let mut shown = vec![0; many];
    for round in 1..=20 {
        board.post(page(round), false);
        let Update::Parts(parts) = board.since(seen) else {
            panic!("the same page")
        };
        let bytes: usize = parts.iter().map(|(_, html)| html.len()).sum();
        assert!(bytes <= ROWS, "{bytes} bytes in one look");
        assert!(!parts.is_empty());
        for (id, _) in parts {
            shown[id[1..].parse::<usize>().unwrap()] += 1;
        }
        seen = board.number();
    }
    let (least, most) = (shown.iter().min().unwrap(), shown.iter().max().unwrap());
    assert!(*least >= 1, "each has had its turn");
    assert!(most - least <= 1, "in turn: {least} to {most}");
}

#[test]
fn a_change_of_state_is_never_held_back() {
    let many = 1_000;
    let page = |round: u64, broken: usize| -> Vec<Part> {
        let rows = (0..many).map(|at| {
            let state = u64::from(at == broken);
            row(at, state, &format!("{round}{}", "x".repeat(400)))
        });
        rows.collect()
    };
    let mut board = Board::default();
    board.post(page(0, many), true);
    let seen = board.number();
    board.post(page(1, 999), false);
    assert!(ids(board.since(seen)).contains(&"b999".to_owned()));
    assert!(board.part("b999").starts_with('1'));
    assert!(board.part("b998").starts_with('0'), "its neighbour waits");
}
