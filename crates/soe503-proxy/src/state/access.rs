//! Who may use the admin API now.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::watch;

use crate::config::{
    Admin, AdminAccess, AdminCredentials, AdminTokens, Config, Protocols, TokenFile,
};
use crate::stamp::{Following, Stamp};
use crate::tls::ServerTls;

/// What the configuration says, with the tokens and certificates that are in its files: a reload and looks at the files bring all
/// up to date, and whoever asks sees them from the next request on.
///
/// What a certificate proves was found out when its connection began. So when whom to believe may be another (`Access::renew`),
/// connections end, and whoever comes again is asked again.
#[derive(Debug)]
pub struct Access {
    now: ArcSwap<AdminAccess>,
    /// TLS of the admin address, unless it is off.
    tls: ArcSwapOption<ServerTls>,
    /// How often connections were ended.
    renewed: watch::Sender<u64>,
    following: Mutex<Following>,
    /// Tokens that were replaced because their files changed.
    pub applied: AtomicU64,
    /// Files that changed and cannot be used: the last good token stays.
    pub refused: AtomicU64,
    /// Connections that were closed at once, because there were as many as there may be.
    pub connections_refused: AtomicU64,
    /// In the order of [`TurnedAway::ALL`].
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
}

/// Why a request to the admin API is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// Neither a token nor a certificate, or a wrong token.
    Unauthorized,
    /// A certificate whose names have no role.
    NotNamed,
    /// An act, by somebody who may only look.
    ReadOnly,
    /// Without a token, from another machine.
    NotLocal,
    /// Without a token, to a name that is not ours.
    ForeignHost,
    /// Made by a page of another site.
    CrossSite,
    /// From an address from which too many wrong credentials came.
    TooManyGuesses,
    /// An act, from an address from which too many came.
    TooManyActs,
    /// Its body did not come in time.
    SlowBody,
}

// === impl Access ===

impl Access {
    /// Whom `access` lets in.
    pub fn new(access: AdminAccess) -> Self {
        Self {
            now: ArcSwap::from_pointee(access),
            tls: ArcSwapOption::empty(),
            renewed: watch::Sender::new(0),
            following: Mutex::new(unread()),
            applied: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
            turned_away: Default::default(),
        }
    }

    /// Whom `config` lets in; nobody asks where there is no admin API.
    pub(super) fn of(config: &Config) -> Self {
        let access = Self::new(wanted(config));
        access.follow_tls(config);
        access
    }

    /// From now on whom `config` lets in, which was just read, tokens and all.
    pub(super) fn follow(&self, config: &Config) {
        let wanted = wanted(config);
        // What is the same stays the same: whoever watches is not disturbed by each reload.
        if **self.now.load() != wanted {
            self.now.store(Arc::new(wanted));
        }
        *self.following() = unread();
        self.follow_tls(config);
    }

    fn follow_tls(&self, config: &Config) {
        let admin = config.admin.as_ref();
        let wanted = admin.and_then(|admin| Some((admin.address, admin.tls.as_ref()?)));
        let renewed = match (&*self.tls.load(), wanted) {
            (Some(known), Some((_, settings))) => known.replace(settings, Protocols::H1),
            (None, None) => false,
            (_, wanted) => {
                let tls = wanted.map(|(address, settings)| ServerTls::admin(address, settings));
                self.tls.store(tls.map(Arc::new));
                true
            }
        };
        if renewed {
            self.renew();
        }
    }

    /// TLS of the admin address, unless it is off.
    pub fn tls(&self) -> Option<ServerTls> {
        self.tls.load().as_deref().cloned()
    }

    /// Whoever is connected has to come again, and show again who they are.
    pub(crate) fn renew(&self) {
        // Those who watch look whether this is the same one.
        self.now.rcu(|now| AdminAccess::clone(now));
        self.renewed.send_modify(|times| *times += 1);
    }

    /// Changes when connections that began before have to end.
    pub(crate) fn renewals(&self) -> watch::Receiver<u64> {
        self.renewed.subscribe()
    }

    /// Whom it lets in.
    pub fn now(&self) -> Arc<AdminAccess> {
        self.now.load_full()
    }

    /// A request was turned away.
    pub(crate) fn turn_away(&self, why: TurnedAway) {
        self.turned_away[why as usize].fetch_add(1, Relaxed);
    }

    /// How many requests were turned away, by the word for why.
    pub fn turned_away(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = TurnedAway::ALL.iter().zip(&self.turned_away);
        counts.map(|(why, count)| (why.word(), count.load(Relaxed)))
    }

    /// Looks at the token files, and puts in force what has changed. It may block, as disks do.
    pub fn look(&self) {
        let before = self.now();
        let Some(tokens) = before.tokens() else {
            return;
        };
        let stamp = Stamp::of(tokens.files().map(|(_, file)| file.path()));
        if !self.following().is_due(&stamp) {
            return;
        }
        let (after, troubles) = tokens.read_again();
        for trouble in &troubles {
            self.refused.fetch_add(1, Relaxed);
            tracing::error!(
                "changed admin token not used, the last good one stays in force: {trouble}"
            );
        }
        if after != *tokens {
            self.replace(&before, tokens, &after);
        }
    }

    /// Puts `after` in the place of the tokens that were in force `before`.
    fn replace(&self, before: &Arc<AdminAccess>, tokens: &AdminTokens, after: &AdminTokens) {
        let new = Arc::new(AdminAccess::Shown(AdminCredentials {
            tokens: Some(after.clone()),
            certificates: before.certificates().cloned(),
        }));
        let found = self.now.compare_and_swap(before, new);
        // Otherwise a reload came in between, and has read them itself.
        if Arc::ptr_eq(&found, before) {
            self.tell(tokens, after);
        }
    }

    fn tell(&self, before: &AdminTokens, after: &AdminTokens) {
        for ((role, file), (_, old)) in after.files().zip(before.files()) {
            if file != old {
                self.applied.fetch_add(1, Relaxed);
                let path: &Path = TokenFile::path(file);
                tracing::info!(role = role.word(), path = %path.display(), "admin token replaced");
            }
        }
    }

    fn following(&self) -> MutexGuard<'_, Following> {
        self.following
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl TurnedAway ===

impl TurnedAway {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Unauthorized,
        Self::NotNamed,
        Self::ReadOnly,
        Self::NotLocal,
        Self::ForeignHost,
        Self::CrossSite,
        Self::TooManyGuesses,
        Self::TooManyActs,
        Self::SlowBody,
    ];

    /// In a word, for metrics and the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::NotNamed => "not_named",
            Self::ReadOnly => "read_only",
            Self::NotLocal => "not_local",
            Self::ForeignHost => "foreign_host",
            Self::CrossSite => "cross_site",
            Self::TooManyGuesses => "too_many_guesses",
            Self::TooManyActs => "too_many_acts",
            Self::SlowBody => "slow_body",
        }
    }
}

/// Whatever was read may have changed since: the first looks read it again.
fn unread() -> Following {
    Following::new(Stamp::default())
}

fn wanted(config: &Config) -> AdminAccess {
    let access = config.admin.as_ref().map(|Admin { access, .. }| access);
    access.cloned().unwrap_or(AdminAccess::Loopback)
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
