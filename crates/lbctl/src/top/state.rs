//! What is known and where one looks: made from answers and keys, without input or output.

use core::time::Duration;

use soe503_api::{IncidentSummary, Pool, PoolState, Timestamp};

use super::{
    act::{Acting, Order, harmless, one_line},
    cursor::Cursor,
    feed::{Look, Lost, Purpose},
    page::{Filter, Page, Wanted},
    rates::Rates,
    view,
};
use crate::pool;

/// A key, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Letter(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Left,
    Right,
    Home,
    End,
    Tab,
    Enter,
    Escape,
    Backspace,
    Delete,
    /// Ctrl-C.
    Interrupt,
}

/// What is to be done after a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    Quit,
    /// This, once; and on.
    Do(Order),
}

/// Which list of the overview the keys move in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    #[default]
    Pools,
    Incidents,
}

/// No answer.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) message: String,
    /// When the first look failed.
    pub(super) since: Timestamp,
    /// When it is tried again.
    pub(super) again: Timestamp,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The address of the admin API.
    pub(super) admin: String,
    pub(super) unicode: bool,
    pub(super) now: Timestamp,
    /// Columns and lines of the terminal.
    pub(super) size: (u16, u16),
    pub(super) server: Option<String>,
    /// When the last answer came.
    pub(super) at: Timestamp,
    /// The worst first, then by name.
    pub(super) pools: Vec<Pool>,
    pub(super) incidents: Vec<IncidentSummary>,
    pub(super) rates: Rates,
    pub(super) trouble: Option<Trouble>,
    pub(super) page: Page,
    pub(super) focus: Focus,
    /// Of the overview; the page of a pool has its own.
    filter: Filter,
    pub(super) pool_at: Cursor,
    pub(super) incident_at: Cursor,
    /// What is done about it.
    pub(super) acting: Acting,
}

impl State {
    /// Nothing is known yet.
    pub(super) fn new(admin: String, unicode: bool, now: Timestamp) -> Self {
        Self {
            admin,
            unicode,
            now,
            size: (80, 24),
            server: None,
            at: now,
            pools: Vec::new(),
            incidents: Vec::new(),
            rates: Rates::default(),
            trouble: None,
            page: Page::Overview,
            focus: Focus::default(),
            filter: Filter::default(),
            pool_at: Cursor::default(),
            incident_at: Cursor::default(),
            acting: Acting::default(),
        }
    }

    /// Time passes.
    pub(super) const fn tick(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The terminal is as large as this.
    pub(super) fn resize(&mut self, width: u16, height: u16) {
        if self.size != (width, height) {
            self.size = (width, height);
            self.scroll(0);
        }
    }

    /// An answer, or why there is none.
    pub(super) fn news(&mut self, news: Result<Look, Lost>) {
        match news {
            Ok(look) => self.look(look),
            Err(lost) => {
                let since = self.trouble.as_ref().map_or(self.now, |t| t.since);
                self.trouble = Some(Trouble {
                    message: lost.message,
                    since,
                    again: self.now.after(lost.pause),
                });
            }
        }
    }

    fn look(&mut self, look: Look) {
        self.trouble = None;
        self.at = look.at;
        self.rates.look(&look.pools, look.since_start);
        self.server = look.server;
        self.pools = look.pools;
        self.pools
            .sort_by(|a, b| (rank(a), &a.name).cmp(&(rank(b), &b.name)));
        self.incidents = look.incidents;
        self.settle_acts(look.asked.as_ref());
        if let Some((of, answer)) = look.asked {
            self.page.take(&of, answer);
        }
        self.settle();
        self.scroll(0);
    }

    /// What is to be asked beside pools and incidents.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let page = self.page.wanted().cloned();
        page.or_else(|| self.wanted_for_acts())
    }

    /// What the next look is for.
    pub(super) fn purpose(&self) -> Purpose {
        Purpose {
            wanted: self.wanted(),
            acts: self.acting.answers(),
        }
    }

    /// How old what is shown is.
    pub(super) const fn age(&self) -> Duration {
        self.now.since(self.at)
    }

    /// The filter of what is looked at.
    pub(super) fn filter(&self) -> &Filter {
        if let Some(menu) = self.acting.menu() {
            return &menu.filter;
        }
        match &self.page {
            Page::Pool { filter, .. } => filter,
            _ => &self.filter,
        }
    }

    const fn filter_mut(&mut self) -> &mut Filter {
        match &mut self.page {
            Page::Pool { filter, .. } => filter,
            _ => &mut self.filter,
        }
    }

    /// The pools that the filter lets through.
    pub(super) fn shown_pools(&self) -> Vec<&Pool> {
        let through = |pool: &&Pool| {
            let words = [
                &*pool.name,
                pool::word(pool.state),
                pool::circuit_word(&pool.circuit),
            ];
            self.filter.lets(&words)
        };
        self.pools.iter().filter(through).collect()
    }

    /// The open incidents that the filter lets through.
    pub(super) fn shown_incidents(&self) -> Vec<&IncidentSummary> {
        let through = |one: &&IncidentSummary| self.filter.lets(&[&one.id, &one.cause, &one.place]);
        self.incidents.iter().filter(through).collect()
    }

    /// The pool that is selected.
    pub(super) fn selected(&self) -> Option<&Pool> {
        self.shown_pools().get(self.pool_at.at()).copied()
    }

    /// The lists have changed.
    fn settle(&mut self) {
        let mut cursor = core::mem::take(&mut self.pool_at);
        cursor.settle(&pool_keys(&self.shown_pools()));
        self.pool_at = cursor;
        let mut cursor = core::mem::take(&mut self.incident_at);
        cursor.settle(&incident_keys(&self.shown_incidents()));
        self.incident_at = cursor;
        if self.shown_incidents().is_empty() {
            self.focus = Focus::Pools;
        }
    }

    /// A key was pressed.
    pub(super) fn key(&mut self, key: Key) -> Next {
        if key == Key::Interrupt {
            return Next::Quit;
        }
        self.read_notice();
        if self.acting.open() {
            return self.act_key(key);
        }
        if self.filter().typing {
            self.typed(key);
            return Next::Go;
        }
        match key {
            Key::Letter('q') => return Next::Quit,
            Key::Letter('/') if self.page.wanted().is_none() => self.filter_mut().typing = true,
            Key::Letter('a') => self.choose_act(),
            Key::Letter('c') => self.page = Page::asked(Wanted::Causes),
            Key::Letter('n') => self.page = Page::asked(Wanted::Changes),
            Key::Up | Key::Letter('k') => self.go(-1),
            Key::Down | Key::Letter('j') => self.go(1),
            Key::PageUp => self.go(-self.step()),
            Key::PageDown => self.go(self.step()),
            Key::Home | Key::Letter('g') => self.go(isize::MIN),
            Key::End | Key::Letter('G') => self.go(isize::MAX),
            Key::Tab => self.switch(),
            Key::Enter => self.open(),
            Key::Escape => self.back(),
            _ => {}
        }
        Next::Go
    }

    /// A text was pasted. It is text where one types, and nothing elsewhere: its letters are no keys.
    pub(super) fn paste(&mut self, text: &str) {
        self.read_notice();
        if self.acting.form().is_some() {
            self.paste_into_form(text);
        } else if self.filter().typing {
            for letter in one_line(text).chars().filter(|l| harmless(*l)) {
                self.key(Key::Letter(letter));
            }
        }
    }

    fn typed(&mut self, key: Key) {
        match key {
            // One looks around while one types.
            Key::Up => self.go(-1),
            Key::Down => self.go(1),
            key => self.filter_mut().typed(key),
        }
        self.settle();
        self.scroll(0);
    }

    /// As many lines as a page has.
    fn step(&self) -> isize {
        let lines = match self.page {
            Page::Overview => view::pool_lines(self),
            _ => view::page_lines(self),
        };
        // One line stays, to see where one was.
        isize::try_from(lines.saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn go(&mut self, lines: isize) {
        if !matches!(self.page, Page::Overview) {
            return self.scroll(lines);
        }
        match self.focus {
            Focus::Pools => {
                let mut cursor = core::mem::take(&mut self.pool_at);
                cursor.by(lines, &pool_keys(&self.shown_pools()));
                self.pool_at = cursor;
            }
            Focus::Incidents => {
                let mut cursor = core::mem::take(&mut self.incident_at);
                cursor.by(lines, &incident_keys(&self.shown_incidents()));
                self.incident_at = cursor;
            }
        }
    }

    /// Moves the text of a page, as far as there is text.
    fn scroll(&mut self, lines: isize) {
        if matches!(self.page, Page::Overview) {
            return;
        }
        let last = view::page_text(self)
            .len()
            .saturating_sub(view::page_lines(self));
        if let Some(scroll) = self.page.scroll_mut() {
            *scroll = scroll.saturating_add_signed(lines).min(last);
        }
    }

    fn switch(&mut self) {
        self.focus = match self.focus {
            Focus::Pools if !self.shown_incidents().is_empty() => Focus::Incidents,
            _ => Focus::Pools,
        };
    }

    fn open(&mut self) {
        if !matches!(self.page, Page::Overview) {
            return;
        }
        let page = match self.focus {
            Focus::Pools => self.selected().map(|pool| Page::Pool {
                name: pool.name.clone(),
                scroll: 0,
                filter: Filter::default(),
            }),
            Focus::Incidents => {
                let all = self.shown_incidents();
                let one = all.get(self.incident_at.at());
                one.map(|one| Page::asked(Wanted::Incident(one.id.clone())))
            }
        };
        if let Some(page) = page {
            self.page = page;
        }
    }

    /// From a page to the overview; there, from what is filtered to everything.
    fn back(&mut self) {
        match self.page {
            Page::Overview => {
                self.filter = Filter::default();
                self.settle();
            }
            _ => self.page = Page::Overview,
        }
    }
}

/// What is worse comes first.
const fn rank(pool: &Pool) -> u8 {
    match pool.state {
        PoolState::Down => 0,
        PoolState::Degraded => 1,
        PoolState::Ok if pool.findings.is_empty() => 4,
        PoolState::Ok => 3,
        _ => 2,
    }
}

fn pool_keys<'a>(pools: &[&'a Pool]) -> Vec<&'a str> {
    pools.iter().map(|pool| &*pool.name).collect()
}

fn incident_keys<'a>(incidents: &[&'a IncidentSummary]) -> Vec<&'a str> {
    incidents.iter().map(|one| &*one.id).collect()
}
