//! How one gets from a menu to a form and back, and when an order goes out.

use super::{
    super::{
        page::{Answer, Filter, Page, Told, Wanted},
        state::{Key, Next, State},
        view,
    },
    Act, Came, Entry, Form, Menu, Tone,
    menu::Target,
};
use crate::show::quoted;

impl State {
    /// Opens the menu of what can be done about what is selected.
    pub(in super::super) fn choose_act(&mut self) {
        let pool = match &self.page {
            Page::Overview => self.selected().map(|pool| pool.name.clone()),
            Page::Pool { name, .. } => Some(name.clone()),
            Page::Asked { .. } => None,
        };
        self.acting.maintenance = None;
        self.acting.menus = vec![Menu {
            pool,
            ..Menu::default()
        }];
    }

    /// What can be chosen in the open menu.
    pub(in super::super) fn entries(&self) -> Vec<Entry> {
        let mut all = self.all_entries();
        let menu = self.acting.menus.last();
        all.retain(|entry| menu.is_some_and(|menu| menu.lets(entry)));
        all
    }

    /// The same, whatever its filter says.
    pub(in super::super) fn all_entries(&self) -> Vec<Entry> {
        let maintenance = self.acting.maintenance.as_ref();
        let menu = self.acting.menus.last();
        menu.map_or_else(Vec::new, |menu| menu.all(&self.pools, maintenance))
    }

    /// What is to be asked while a menu is open.
    pub(in super::super) fn wanted_for_acts(&self) -> Option<Wanted> {
        let menu = self.acting.menu()?;
        menu.pool.as_ref().map(|_| Wanted::Maintenance)
    }

    /// Something has changed: a menu has what there is now.
    pub(in super::super) fn settle_acts(&mut self, asked: Option<&(Wanted, Told)>) {
        if let Some((_, Ok(Answer::Maintenance(list)))) = asked {
            self.acting.maintenance = Some(list.clone());
        }
        let entries = self.entries();
        if let Some(menu) = self.acting.menus.last_mut() {
            menu.settle(&entries);
        }
    }

    /// Why the act is of nothing that there is.
    pub(in super::super) fn gone(&self, act: &Act) -> Option<String> {
        let (pool, backend) = match act {
            Act::Reload => return None,
            Act::Circuit { pool, .. } | Act::Maintenance { pool, .. } => (pool, None),
            Act::Backend { pool, backend, .. } => (pool, Some(backend)),
        };
        let Some(found) = self.pools.iter().find(|p| p.name == *pool) else {
            return Some(format!("There is no pool {} any more.", quoted(pool)));
        };
        let backend = backend.filter(|name| found.backends.iter().all(|b| b.name != **name))?;
        Some(format!(
            "There is no backend {} in pool {} any more.",
            quoted(backend),
            quoted(pool)
        ))
    }

    /// A key was pressed while a menu or a form is open.
    pub(in super::super) fn act_key(&mut self, key: Key) -> Next {
        if self.acting.form.is_some() {
            self.form_key(key)
        } else {
            self.menu_key(key)
        }
    }

    /// A key was pressed: what was told is read.
    pub(in super::super) fn read_notice(&mut self) {
        self.acting.read(self.now);
    }

    /// A text was pasted into the form.
    pub(in super::super) fn paste_into_form(&mut self, text: &str) {
        let sent = self.acting.sent();
        if let Some(form) = self.acting.form.as_mut().filter(|_| !sent) {
            form.paste(text);
        }
    }

    fn menu_key(&mut self, key: Key) -> Next {
        let entries = self.entries();
        let step = isize::try_from(view::menu_lines(self).max(2) - 1).unwrap_or(1);
        let Some(menu) = self.acting.menus.last_mut() else {
            return Next::Go;
        };
        match key {
            Key::Up => menu.by(-1, &entries),
            Key::Down => menu.by(1, &entries),
            _ if menu.filter.typing => {
                menu.filter.typed(key);
                self.settle_acts(None);
            }
            Key::Letter('q') => return Next::Quit,
            Key::Letter('/') => menu.filter.typing = true,
            Key::Letter('k') => menu.by(-1, &entries),
            Key::Letter('j') => menu.by(1, &entries),
            Key::PageUp => menu.by(-step, &entries),
            Key::PageDown => menu.by(step, &entries),
            Key::Home | Key::Letter('g') => menu.by(isize::MIN, &entries),
            Key::End | Key::Letter('G') => menu.by(isize::MAX, &entries),
            Key::Enter => {
                let chosen = entries.into_iter().nth(menu.cursor.at());
                if let Some(chosen) = chosen {
                    self.follow(chosen.target);
                }
            }
            // First everything again, then back.
            Key::Escape if !menu.filter.text.is_empty() => {
                menu.filter = Filter::default();
                self.settle_acts(None);
            }
            Key::Escape => {
                self.acting.menus.pop();
                self.settle_acts(None);
            }
            _ => {}
        }
        Next::Go
    }

    fn follow(&mut self, target: Target) {
        match target {
            Target::Act(act) => self.acting.form = Some(Form::new(act, self.now)),
            Target::Backend(name) => {
                let pool = self.acting.menus.last().and_then(|menu| menu.pool.clone());
                self.acting.menus.push(Menu {
                    pool,
                    backend: Some(name),
                    ..Menu::default()
                });
            }
        }
    }

    fn form_key(&mut self, key: Key) -> Next {
        let sent = self.acting.sent();
        let Some(form) = &mut self.acting.form else {
            return Next::Go;
        };
        let hasty = form.hasty(key, self.now);
        match key {
            Key::Escape => self.acting.form = None,
            // What was sent is no longer changed, nor sent again.
            _ if sent => {}
            Key::Enter if hasty => self.say("Press Enter once more to do it."),
            Key::Enter => return self.decide(),
            key => form.key(key),
        }
        Next::Go
    }

    /// Enter on a form: an order, if everything is as it should be.
    fn decide(&mut self) -> Next {
        if !view::asks(self) {
            // Nobody decides on what they cannot read.
            self.say("The terminal is too small for this question.");
            return Next::Go;
        }
        let form = self.acting.form.as_ref();
        let gone = form.and_then(|form| self.gone(&form.act));
        let now = self.now;
        let Some(form) = &mut self.acting.form else {
            return Next::Go;
        };
        let order = match (gone, &self.acting.awaited) {
            (Some(gone), _) => Err(gone),
            (None, Some(_)) => Err("The act before has no answer yet.".to_owned()),
            (None, None) => form.order(now),
        };
        match order {
            Ok(order) => {
                self.acting.notice = None;
                self.acting.awaited = Some(order.act.clone());
                Next::Do(order)
            }
            Err(why) => {
                self.say(&why);
                Next::Go
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.acting.tell(Tone::Ask, text.to_owned(), self.now);
    }

    /// What came of the order. Whoever has left the form is told as well.
    pub(in super::super) fn came(&mut self, came: Came) {
        let sent = self.acting.sent();
        let Some(act) = self.acting.awaited.take() else {
            return;
        };
        self.acting.answers = self.acting.answers.wrapping_add(1);
        // What was refused may be typed differently. Without an answer that would be a second time.
        if sent && !matches!(came, Came::Refused(_)) {
            self.acting.form = None;
            self.acting.menus.clear();
        }
        let words = act.words();
        let (tone, text) = match came {
            Came::Done => (Tone::Done, words.done),
            Came::Refused(why) => (Tone::NotDone, format!("Not done: {}. {why}", words.title)),
            Came::Unknown(why) => (
                Tone::NotDone,
                format!(
                    "No answer to: {}. {why}. Look whether anything has changed before trying again.",
                    words.title
                ),
            ),
        };
        self.acting.tell(tone, text, self.now);
    }
}
