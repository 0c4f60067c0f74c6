//! What a system call's error number proves. Numbers are Linux's, from `errno(3)`.

use core::time::Duration;

use super::mechanical::{closed, late};
use crate::cause::Cause;
use crate::ledger::{Attempt, Phase};

pub(crate) const EPERM: i32 = 1;
pub(crate) const ENOENT: i32 = 2;
pub(crate) const ENOMEM: i32 = 12;
pub(crate) const EACCES: i32 = 13;
pub(crate) const ENFILE: i32 = 23;
pub(crate) const EMFILE: i32 = 24;
pub(crate) const ENOSPC: i32 = 28;
pub(crate) const EPIPE: i32 = 32;
pub(crate) const EADDRNOTAVAIL: i32 = 99;
pub(crate) const ENETDOWN: i32 = 100;
pub(crate) const ENETUNREACH: i32 = 101;
pub(crate) const ECONNABORTED: i32 = 103;
pub(crate) const ECONNRESET: i32 = 104;
pub(crate) const ENOBUFS: i32 = 105;
pub(crate) const ETIMEDOUT: i32 = 110;
pub(crate) const ECONNREFUSED: i32 = 111;
pub(crate) const EHOSTDOWN: i32 = 112;
pub(crate) const EHOSTUNREACH: i32 = 113;
pub(crate) const EDQUOT: i32 = 122;

/// An unreachable message that comes back sooner than this was sent by a filter or a router that
/// knows; address resolution gives up after about three seconds. A connect that joins it late waits only for
/// the rest of them: that is [`Attempt::joined`].
pub(crate) const AT_ONCE: Duration = Duration::from_millis(250);

/// The cause behind `number`, where the attempt met it.
pub(super) fn cause(attempt: &Attempt, number: i32) -> Cause {
    match number {
        EMFILE | ENFILE => Cause::ResourceFdLimit,
        ENOMEM | ENOBUFS => Cause::ResourceMemoryLimit,
        ENOSPC | EDQUOT => Cause::ResourceDiskFull,
        EADDRNOTAVAIL if attempt.phase == Phase::Connect => Cause::ResourceEphemeralPorts,
        // ENOENT: the path of a Unix socket, which is that family's port.
        ECONNREFUSED | ENOENT if attempt.phase <= Phase::Connect => refused(attempt),
        EACCES | EPERM if attempt.phase >= Phase::Connect => Cause::ConfigFirewallReject,
        EHOSTUNREACH
            if attempt.phase == Phase::Connect && attempt.elapsed < AT_ONCE && !attempt.joined =>
        {
            Cause::ConfigFirewallReject
        }
        EHOSTUNREACH | ENETUNREACH | ENETDOWN | EHOSTDOWN if attempt.phase <= Phase::Connect => {
            Cause::DependencyHostUnreachable
        }
        ETIMEDOUT => late(attempt.phase),
        ECONNRESET | EPIPE | ECONNABORTED | EHOSTUNREACH | ENETUNREACH | ENETDOWN | EHOSTDOWN
        | ECONNREFUSED => closed(attempt),
        _ => Cause::Unclassified,
    }
}

/// The name of an error number, for the evidence.
pub(crate) fn name(number: i32) -> Option<&'static str> {
    Some(match number {
        EPERM => "EPERM",
        ENOENT => "ENOENT",
        ENOMEM => "ENOMEM",
        EACCES => "EACCES",
        ENFILE => "ENFILE",
        EMFILE => "EMFILE",
        ENOSPC => "ENOSPC",
        EPIPE => "EPIPE",
        EADDRNOTAVAIL => "EADDRNOTAVAIL",
        ENETDOWN => "ENETDOWN",
        ENETUNREACH => "ENETUNREACH",
        ECONNABORTED => "ECONNABORTED",
        ECONNRESET => "ECONNRESET",
        ENOBUFS => "ENOBUFS",
        ETIMEDOUT => "ETIMEDOUT",
        ECONNREFUSED => "ECONNREFUSED",
        EHOSTDOWN => "EHOSTDOWN",
        EHOSTUNREACH => "EHOSTUNREACH",
        EDQUOT => "EDQUOT",
        _ => return None,
    })
}

/// Somebody is there to say no. What never said yes was probably never there.
fn refused(attempt: &Attempt) -> Cause {
    if attempt.accepted_before {
        Cause::DependencyConnectRefused
    } else {
        Cause::ConfigWrongPort
    }
}
