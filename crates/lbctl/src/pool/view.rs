//! Pools as text: a headline each, then its backends.

use soe503_api::{
    ByPriority, Circuit, CircuitState, Finding, ForcedCircuit, Limit, LimitSource, Overload,
    OverloadStage, Pool, PoolState, RetriesCut, Tier, Timestamp,
};

use super::backends;
use crate::explain::words::grade;
use crate::show::{Canvas, Fact, Line, Mark, age, count, flow, plural, style, waiting, wrap};

/// All `pools`, as they were at `now`.
pub(crate) fn pools(pools: &[Pool], wide: bool, now: Timestamp, canvas: Canvas) -> String {
    let mut out = String::new();
    if pools.is_empty() {
        out.push_str("no pools are configured\n");
    }
    for (i, pool) in pools.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        headline(pool, now, canvas, &mut out);
        backends::table(&pool.backends, wide, now, canvas, &mut out);
    }
    out
}

/// The symbol of a pool's state.
pub(crate) const fn mark(state: PoolState) -> Mark {
    match state {
        PoolState::Ok => Mark::Good,
        PoolState::Degraded => Mark::Partly,
        PoolState::Down => Mark::Bad,
        _ => Mark::Unknown,
    }
}

/// A pool's state in a word.
pub(crate) const fn word(state: PoolState) -> &'static str {
    match state {
        PoolState::Ok => "ok",
        PoolState::Degraded => "degraded",
        PoolState::Down => "DOWN",
        _ => "unknown",
    }
}

/// How many of a pool's backends get requests: `2 of 3 backends in rotation`.
pub(super) fn in_rotation(pool: &Pool) -> String {
    let total = pool.backends.len();
    let usable = pool.backends.iter().filter(|b| b.state.in_rotation());
    match usable.count() {
        _ if total == 0 => "no backends".to_owned(),
        0 => format!(
            "none of {} in rotation",
            plural(total as u64, "backend", "backends")
        ),
        n if n == total => format!(
            "{} in rotation",
            plural(total as u64, "backend", "backends")
        ),
        n => format!("{n} of {total} backends in rotation"),
    }
}

fn headline(pool: &Pool, now: Timestamp, canvas: Canvas, out: &mut String) {
    let mark = mark(pool.state);
    let mut line = Line::default();
    line.put(canvas.symbol(mark), mark.style()).gap(1);
    line.put(&pool.name, style::STRONG).gap(2);
    line.put(word(pool.state), mark.style()).gap(2);
    let mut facts = vec![
        Fact::plain(in_rotation(pool)),
        circuit(&pool.circuit, now),
        requests(pool),
        budget(pool),
    ];
    if !matches!(&*pool.balance, "" | "p2c") {
        facts.push(Fact::plain(format!("balance {}", pool.balance)));
    }
    facts.extend(limit(&pool.limit));
    if pool.queue.depth > 0 {
        facts.push(queue(pool));
    }
    if pool.queue.for_backends > 0 {
        let text = format!("{} waiting for a place", count(pool.queue.for_backends));
        facts.push(Fact::new(text, style::WARN));
    }
    facts.extend(shed(pool.limit.shed));
    facts.extend(hedge(pool));
    facts.extend(throttle(pool));
    facts.extend(failover(pool));
    if pool.waiting.depth > 0 {
        facts.push(waiters(pool));
    }
    flow(line, &facts, 2, canvas, out);
    if pool.panic {
        let text = "PANIC: too few backends are in rotation to believe the checks; all are used";
        note(text, style::BAD, canvas, out);
    }
    if let Some(overload) = &pool.overload {
        note(&cut(overload, now), style::BAD, canvas, out);
    }
    if let Some(tiers) = tiers(pool) {
        note(&tiers, style::PLAIN, canvas, out);
    }
    if let Some(why) = circuit_why(&pool.circuit) {
        note(&format!("circuit: {why}"), style::PLAIN, canvas, out);
    }
    for finding in &pool.findings {
        note(&found(finding), style::WARN, canvas, out);
    }
}

/// Who gets how much: `priority 0, own zone: 70 % (1 of 2 usable)`.
fn tiers(pool: &Pool) -> Option<String> {
    let zones = pool.tiers.iter().any(|tier| tier.own_zone);
    let tier = |tier: &Tier| {
        let zone = match (zones, tier.own_zone) {
            (false, _) => "",
            (true, true) => ", own zone",
            (true, false) => ", other zones",
        };
        format!(
            "priority {}{zone}: {:.0} % ({} of {} usable)",
            tier.priority,
            tier.share * 100.0,
            count(tier.usable),
            count(tier.backends),
        )
    };
    let tiers: Vec<_> = pool.tiers.iter().map(tier).collect();
    (!tiers.is_empty()).then(|| tiers.join("; "))
}

/// What is cut of an overload that keeps itself going, and why.
fn cut(overload: &Overload, now: Timestamp) -> String {
    let stage = match overload.stage {
        OverloadStage::RetriesCut => "retries are cut",
        OverloadStage::QueueCut => "retries and the wait are cut",
        OverloadStage::Shedding => "no more is let in than is answered",
        _ => "something is cut",
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    format!(
        "OVERLOAD keeps itself going: {stage} since {}; {} of the attempts were answered well, {} were retries; {:.0} good answers per second, {:.0} are usual",
        age(now.since(overload.since)),
        percent(overload.useful),
        percent(overload.retry_share),
        overload.goodput,
        overload.usual
    )
}

/// What is wrong, whether or not a request fails of it: `response_timeout (inferred) at app-2: …`.
pub(crate) fn found(finding: &Finding) -> String {
    let at = match finding.backends.len() {
        0 => String::new(),
        1..=3 => format!(" at {}", finding.backends.join(", ")),
        n => format!(" at {}", plural(n as u64, "backend", "backends")),
    };
    let (cause, grade) = (&finding.cause, grade(finding.grade));
    let why = match finding.evidence.first() {
        Some(fact) => fact,
        None => &finding.title,
    };
    format!("found: {cause} ({grade}){at}: {why}")
}

/// A sentence about the pool, under its headline.
fn note(text: &str, style: anstyle::Style, canvas: Canvas, out: &mut String) {
    let room = canvas.width.map(|w| w.saturating_sub(4));
    for (i, text) in wrap(text, room).iter().enumerate() {
        let indent = if i == 0 { 2 } else { 4 };
        Line::default().gap(indent).put(text, style).end(out);
    }
}

/// Where the circuit stands, since when, and when it tries again.
fn circuit(circuit: &Circuit, now: Timestamp) -> Fact {
    let mut text = format!("circuit {}", circuit_word(circuit));
    if let Some(since) = circuit
        .opened_at
        .filter(|_| circuit.state != CircuitState::Closed)
    {
        text += &format!(" {}", age(now.since(since)));
    }
    if let Some(at) = circuit.retry_at {
        text += &match at > now {
            true => format!(", probe in {}", waiting(at.since(now))),
            false => ", probe due".to_owned(),
        };
    }
    Fact::new(text, circuit_mark(circuit).style())
}

/// A circuit's state in a word, or two when it is held.
pub(crate) fn circuit_word(circuit: &Circuit) -> &'static str {
    match (circuit.forced, circuit.state) {
        (Some(ForcedCircuit::Open), _) => "HELD OPEN",
        (Some(ForcedCircuit::Closed), _) => "held closed",
        (_, CircuitState::Closed) => "closed",
        (_, CircuitState::Open) => "OPEN",
        (_, CircuitState::HalfOpen) => "half open",
        _ => "unknown",
    }
}

/// The symbol of a circuit.
pub(crate) const fn circuit_mark(circuit: &Circuit) -> Mark {
    match (circuit.forced, circuit.state) {
        (Some(ForcedCircuit::Closed), _) => Mark::Held,
        (_, CircuitState::Closed) => Mark::Good,
        (_, CircuitState::Open) => Mark::Bad,
        (_, CircuitState::HalfOpen) => Mark::Partly,
        _ => Mark::Unknown,
    }
}

/// Why a circuit is not simply closed.
pub(crate) fn circuit_why(circuit: &Circuit) -> Option<String> {
    let rule = circuit.reason.as_ref().or(circuit.rule.as_ref());
    let behind = circuit.root.as_ref().map(|root| format!("root {root}"));
    let parts: Vec<_> = rule.cloned().into_iter().chain(behind).collect();
    let closed = circuit.state == CircuitState::Closed && circuit.forced.is_none();
    (!closed && !parts.is_empty()).then(|| parts.join("; "))
}

fn requests(pool: &Pool) -> Fact {
    let failed = if pool.failed > 0 {
        style::BAD
    } else {
        style::PLAIN
    };
    let saved = if pool.prevented > 0 {
        style::GOOD
    } else {
        style::PLAIN
    };
    Fact::plain(plural(pool.requests, "request", "requests"))
        .and(", ", style::PLAIN)
        .and(format!("{} prevented", count(pool.prevented)), saved)
        .and(", ", style::PLAIN)
        .and(format!("{} failed", count(pool.failed)), failed)
}

fn budget(pool: &Pool) -> Fact {
    let budget = pool.retry_budget;
    let refused = if budget.refused > 0 {
        style::WARN
    } else {
        style::PLAIN
    };
    let cut = match budget.cut {
        None => "",
        Some(RetriesCut::Overload) => ", cut: retries would keep the overload going",
        Some(_) => ", cut: most attempts fail",
    };
    Fact::plain(format!(
        "retry budget {} ({} spent, ",
        count(budget.available),
        count(budget.spent)
    ))
    .and(format!("{} refused", count(budget.refused)), refused)
    .and(")", style::PLAIN)
    .and(cut, style::WARN)
}

/// When a request is sent to a second backend, and what came of it, if that happens at all.
fn hedge(pool: &Pool) -> Option<Fact> {
    let hedge = pool.hedge.as_ref()?;
    let due = match hedge.delay_ms {
        Some(delay) => format!("hedge after {delay:.0} ms"),
        None => "hedge not yet known when".to_owned(),
    };
    let refused = hedge.withheld.get("budget_empty").copied().unwrap_or(0);
    let style = if refused > 0 {
        style::WARN
    } else {
        style::PLAIN
    };
    let (sent, won) = (count(hedge.sent), count(hedge.won));
    let fact = Fact::plain(format!("{due} ({sent} sent, {won} won, "));
    let refused = format!("{} refused by the budget", count(refused));
    Some(fact.and(refused, style).and(")", style::PLAIN))
}

/// What is held back, if anything was.
fn throttle(pool: &Pool) -> Option<Fact> {
    let throttle = pool.throttle.filter(|throttle| throttle.throttled > 0)?;
    let style = if throttle.held_back > 0.0 {
        style::WARN
    } else {
        style::PLAIN
    };
    let share = format!("throttle holds {:.0}% back", throttle.held_back * 100.0);
    let total = format!(" ({} so far)", count(throttle.throttled));
    Some(Fact::new(share, style).and(total, style::PLAIN))
}

/// What other pools have answered for it, and it for others, if anything.
fn failover(pool: &Pool) -> Option<Fact> {
    let (lost, got) = (pool.failover.answered_elsewhere, pool.failover.taken_over);
    let text = match (lost, got) {
        (0, 0) => return None,
        (lost, 0) => format!("{} answered elsewhere", count(lost)),
        (0, got) => format!("{} taken over", count(got)),
        (lost, got) => format!(
            "{} answered elsewhere, {} taken over",
            count(lost),
            count(got)
        ),
    };
    Some(Fact::new(text, style::PLAIN))
}

/// How many requests wait for the pool to be back; why is said under the headline, by the circuit.
fn waiters(pool: &Pool) -> Fact {
    let (depth, limit) = (count(pool.waiting.depth), count(pool.waiting.limit));
    let text = format!("{depth} of {limit} waiting for it to be back");
    Fact::new(text, style::WARN)
}

/// The limit, if it is more than what the configuration says.
fn limit(limit: &Limit) -> Option<Fact> {
    let (text, style) = match limit.source {
        LimitSource::Testing => ("TESTING", style::WARN),
        LimitSource::Saturated => ("SATURATED", style::BAD),
        LimitSource::Shedding => ("SHEDDING", style::BAD),
        _ => return None,
    };
    let in_use = format!("{} of {} in use", count(limit.pending), count(limit.limit));
    Some(Fact::new(format!("{text}: {in_use}"), style))
}

fn queue(pool: &Pool) -> Fact {
    let depth = count(pool.queue.depth);
    let of = match pool.queue.limit {
        Some(limit) => format!("queue {depth} of {}", count(limit)),
        None => format!("queue {depth}"),
    };
    let oldest = format!(", oldest {:.0} ms", pool.queue.oldest_ms);
    Fact::new(of + &oldest, style::WARN)
}

/// Who was turned away, if anybody was.
fn shed(shed: ByPriority) -> Option<Fact> {
    let classes = [
        (shed.high, "high"),
        (shed.normal, "normal"),
        (shed.low, "low"),
    ];
    let some = classes.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<_> = some
        .map(|(n, name)| format!("{} {name}", count(*n)))
        .collect();
    let text = format!("shed {}", parts.join(", "));
    (!parts.is_empty()).then(|| Fact::new(text, style::BAD))
}
