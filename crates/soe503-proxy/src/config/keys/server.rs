//! Keys of `[server]`, `[admin]`, `[log]`, `[access_log]` and `[incidents]`.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use super::{
    AdminTlsKeys,
    values::{FileName, PageUrl, nonzero_usize},
};
use crate::config::{
    AccessLog, LogFormat, LogPath, Name, StatusPolicy,
    wire::{Defaulted, Maybe, Optional, choice, section},
};
use crate::control::event_log::Levels;

section! {
    /// The process as a whole.
    struct ServerKeys {
        /// What the server calls itself in `Proxy-Status`.
        name: Optional<Name>, absent("the host name"), like("\"edge-eu1\"");
        /// Worker threads. Each has its own listeners and connections to backends.
        workers: Optional<NonZeroUsize>, absent("the number of cores"), like("2"),
            range(NonZeroUsize::MIN, nonzero_usize(1024));
        /// How long a process that is told to end serves on while `/readyz` says 503: the time in which whoever asks there notices, as
        /// many failures as it takes him times his interval. Then the listeners close, and `shutdown_grace` begins. A second
        /// signal ends it; an upgrade has none. 0: the listeners close at once, since without a load balancer nobody asks.
        drain_delay: Defaulted<Duration>, default(Duration::ZERO),
            range(Duration::ZERO, Duration::from_secs(3600));
        /// How long a shutdown waits for requests that are in flight, once the listeners are closed.
        shutdown_grace: Defaulted<Duration>, default(Duration::from_secs(30)),
            range(Duration::ZERO, Duration::from_secs(3600));
        /// The status of a failure that the proxy answers itself. `default`: 503 if no backend
        /// could be used, 502 for a broken answer, 504 for none in time, 508 for a loop. `rfc9209`: as that
        /// standard recommends for the error type in `Proxy-Status`.
        status: Defaulted<StatusPolicy>, default(StatusPolicy::Plain);
        /// Where the proxy stands. Among backends of one priority those with the same `zone` get the
        /// requests, as long as enough of them can be used: see `overprovisioning` of the pools.
        zone: Optional<Name>, absent("zones do not matter"), like("\"eu-1a\"");
        /// Whether the config file is put in force when it has changed on disk, as SIGHUP does it. It is looked at once a second,
        /// through links, so that one that Kubernetes switches counts too; a change counts once two looks in a row agree.
        /// What is wrong with it is logged, and the old one stays in force.
        follow_config: Defaulted<bool>, default(false);
        /// A Unix socket, for the process's own user and root, where a new process asks for the listening sockets:
        /// `soe503 run --upgrade`. Its directory must exist. A relative path starts at the config file.
        upgrade_socket: Optional<FileName>, absent("no process can take over from this one"),
            like("\"/run/soe503/upgrade.sock\"");
    }
}

section! {
    /// The admin API: health, metrics, pools, failures. `lbctl` speaks it.
    struct AdminKeys {
        /// Whether there is one.
        enabled: Defaulted<bool>, default(true);
        /// Where it listens. Any address but a loopback address requires `token_file`, or `client_auth` of `tls`.
        address: Defaulted<SocketAddr>, default(SocketAddr::from(([127, 0, 0, 1], 9503)));
        /// A file with the operator's secret, which clients send as `Authorization: Bearer …`: one word of at
        /// least 16 characters. Who has it may look and act. A relative path starts at the config file. A file that
        /// changes is read again within seconds; one that cannot be used leaves the last good token in force.
        token_file: Optional<FileName>,
            absent("no secret"), like("\"admin.token\"");
        /// A file with another secret of the same kind, for those who only look: API, metrics, dashboard. Whatever changes
        /// something is refused to them with 403. It needs `token_file`, or `operators` of `tls.client_auth`: somebody has to
        /// be able to act.
        read_token_file: Optional<FileName>,
            absent("there is no such role"), like("\"reader.token\"");
        /// TLS for those who use it, and what their certificates let them do.
        tls: Maybe<AdminTlsKeys>, absent("tokens are sent as they are");
    }
}

section! {
    /// The event log: what the process tells about itself, and each request that failed. A reload changes all of it.
    struct LogKeys {
        /// Which lines are written: `off`, `error`, `warn`, `info`, `debug` or `trace`, and others for single modules, as in
        /// `"info,soe503_proxy::control::dns=debug,failure=off"`. `failure` is what tells of each request that failed. The
        /// variable `SOE503_LOG` goes before it, and `lbctl log level` changes it for a while. Lines of the audit log are
        /// always written.
        level: Defaulted<Levels>, default(Levels::default());
        /// Lines for people, or one JSON object per line.
        format: Defaulted<LogFormat>, default(LogFormat::Text);
        /// `stderr`, `stdout` or a file. A file has a slash or a dot in its name; a relative path starts at the
        /// config file. SIGUSR1 has it opened again.
        path: Defaulted<LogPath>, default(LogPath::Stderr);
        /// How many lines of one kind (one place in the program, one cause) are written a second, in the long run; ten times as
        /// many at once. Of the others a line says every ten seconds how many there were. 0: no limit.
        lines_per_second: Defaulted<u32>, default(5), range(0, 10_000);
    }
}

section! {
    /// One line of JSON per request, written outside the request's path.
    struct AccessLogKeys {
        /// `stdout`, `stderr`, `off` or a file. A file has a slash or a dot in its name; a
        /// relative path starts at the config file.
        path: Defaulted<AccessLog>, default(AccessLog::Off);
    }
}

section! {
    /// Failures with one cause in one place, told as one: `lbctl incidents`.
    struct IncidentKeys {
        /// How long there must be no failure worth mentioning, and answers that are good, before an
        /// incident is closed. If it comes back within five minutes, it is the same one.
        close_after: Defaulted<Duration>, default(Duration::from_secs(30)),
            range(Duration::from_secs(1), Duration::from_secs(3600));
        /// How long a backend must be out of rotation for a proven reason, such as refused connections, before that
        /// is an incident though the others carry its load. `"0s"`: it never is one.
        backend_out_after: Defaulted<Duration>, default(Duration::from_secs(120)),
            range(Duration::ZERO, Duration::from_secs(86_400));
        /// Where people reach the admin API: links in alerts begin with it.
        external_url: Optional<PageUrl>, absent("alerts have no link to it"),
            like("\"https://soe503.example\"");
    }
}

choice!(StatusPolicy, {
    "default" => Self::Plain,
    "rfc9209" => Self::Rfc9209,
});

choice!(LogFormat, {
    "text" => Self::Text,
    "json" => Self::Json,
});
