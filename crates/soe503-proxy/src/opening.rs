//! How a process comes to its listening sockets: it opens them, systemd passes them, or the process that it replaces
//! hands them over.

use std::net::TcpListener;

use crate::config::Config;
use crate::control;
use crate::control::admin;
use crate::handover::{Entrance, Inherited, Offered, Shared, Takeover, share_out};
use crate::listen;
use crate::run::StartError;

/// Where a process has its listening sockets from. By default it opens them itself.
#[derive(Debug, Default)]
pub struct Origin {
    /// What was passed at the start.
    pub inherited: Inherited,
    /// Whether a running process is to be replaced.
    pub upgrade: bool,
}

/// All sockets of a process, before it accepts.
#[derive(Debug)]
pub(crate) struct Opened {
    /// In the listeners' order.
    pub(crate) listeners: Vec<OpenListener>,
    pub(crate) admin: Option<admin::Listener>,
    /// Where a successor will ask, and what it is offered.
    pub(crate) entrance: Option<(Entrance, Vec<Offered>)>,
    /// The process that is replaced, and the places of what it has and we do not want.
    pub(crate) takeover: Option<(Takeover, Vec<usize>)>,
}

/// The sockets of one listener.
#[derive(Debug)]
pub(crate) struct OpenListener {
    pub(crate) per_worker: Vec<Vec<TcpListener>>,
    pub(crate) shared: Shared,
    /// Whether it stays so.
    pub(crate) for_good: bool,
    /// How many somebody else has opened.
    pub(crate) inherited: usize,
}

/// Opens what `config` wants and is not there yet. A process that is to be replaced is told what is in the way.
///
/// # Errors
///
/// If an address cannot be opened, an inherited socket belongs to nobody, or there is nobody to be replaced.
pub(crate) fn open(config: &Config, origin: Origin) -> Result<Opened, StartError> {
    let Origin { inherited, upgrade } = origin;
    if !upgrade {
        return open_all(config, inherited, None);
    }
    if !inherited.is_empty() {
        return Err(StartError::Upgrade(format!(
            "sockets were passed (LISTEN_FDS: {inherited}), so there is nothing to ask for"
        )));
    }
    let path = config.server.upgrade_socket.as_deref().ok_or_else(|| {
        StartError::Upgrade("the config has no `upgrade_socket` in [server]".into())
    })?;
    let (takeover, theirs) = Takeover::ask(path).map_err(StartError::Upgrade)?;
    let mut takeover = Some(takeover);
    let opened = open_all(config, theirs, Some(&mut takeover));
    if let (Err(error), Some(takeover)) = (&opened, takeover) {
        takeover.failed(&error.to_string());
    }
    opened
}

fn open_all(
    config: &Config,
    mut inherited: Inherited,
    takeover: Option<&mut Option<Takeover>>,
) -> Result<Opened, StartError> {
    let workers = config.server.workers.get();
    let mut offered = config.server.upgrade_socket.is_some().then(Vec::new);
    let mut listeners = Vec::new();
    for listener in config.listeners.iter() {
        let address = listener.address;
        let failed = |source| StartError::Listen { address, source };
        let taken = inherited.take(address);
        let (count, for_good) = (taken.sockets.len(), taken.for_good);
        let sockets = match count {
            0 => listen::bind(address, workers).map_err(failed)?,
            _ => taken.sockets,
        };
        // Until we accept, whoever handed them over does.
        let shared = Shared::new(count > 0);
        if let Some(offered) = &mut offered {
            for socket in &sockets {
                offered.push(Offered {
                    socket: socket.try_clone().map_err(failed)?,
                    address: socket.local_addr().map_err(failed)?,
                    shared: shared.clone(),
                    for_good,
                });
            }
        }
        listeners.push(OpenListener {
            per_worker: share_out(sockets, workers).map_err(failed)?,
            shared,
            for_good,
            inherited: count,
        });
    }
    let admin = open_admin(config, &mut inherited, offered.as_mut())?;
    let unused = inherited.places();
    if takeover.is_none() && !inherited.is_empty() {
        return Err(StartError::Unwanted(inherited.to_string()));
    }
    if !inherited.is_empty() {
        tracing::info!(addresses = %inherited, "the old process has sockets that this config does not: it drains them");
    }
    // The old process is to be the only one that has them.
    drop(inherited);
    let entrance = match config.server.upgrade_socket.as_deref().zip(offered) {
        Some((path, offered)) => {
            let entrance = Entrance::prepare(path);
            let entrance = entrance.map_err(|source| StartError::UpgradeSocket {
                path: path.to_owned(),
                source,
            })?;
            Some((entrance, offered))
        }
        None => None,
    };
    Ok(Opened {
        listeners,
        admin,
        entrance,
        takeover: takeover.and_then(Option::take).map(|old| (old, unused)),
    })
}

fn open_admin(
    config: &Config,
    inherited: &mut Inherited,
    offered: Option<&mut Vec<Offered>>,
) -> Result<Option<admin::Listener>, StartError> {
    let Some(settings) = &config.admin else {
        return Ok(None);
    };
    let address = settings.address;
    let failed = |source| StartError::Control(control::StartError::Admin { address, source });
    let taken = inherited.take(address);
    // One is all that an admin address has, unless it was a listener's.
    let listener = match taken.sockets.into_iter().next() {
        Some(socket) => Some(admin::Listener::on(socket).map_err(failed)?),
        None => control::open_admin(config).map_err(StartError::Control)?,
    };
    if let (Some(listener), Some(offered)) = (&listener, offered) {
        offered.push(Offered {
            socket: listener.second_handle().map_err(failed)?,
            address: listener.address(),
            shared: Shared::new(true),
            for_good: taken.for_good,
        });
    }
    Ok(listener)
}

/// Opens the socket where a successor asks. A process that has just replaced another serves without, too.
pub(crate) fn open_entrance(
    entrance: Option<(Entrance, Vec<Offered>)>,
    alone: bool,
    config: &Config,
) -> Result<Option<Entrance>, StartError> {
    let Some((mut entrance, offer)) = entrance else {
        return Ok(None);
    };
    let Err(source) = entrance.open(alone, offer) else {
        return Ok(Some(entrance));
    };
    entrance.close();
    let path = config.server.upgrade_socket.clone().unwrap_or_default();
    let error = StartError::UpgradeSocket { path, source };
    if alone {
        return Err(error);
    }
    tracing::error!(%error, "no process can take over from this one");
    Ok(None)
}
