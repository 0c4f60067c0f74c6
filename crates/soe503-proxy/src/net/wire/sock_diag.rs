//! Linux: sock_diag(7), which any user may ask about any connection of its network namespace.
//!
//! `getsockopt(TCP_INFO)` would tell the same, but there is no safe way to call it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};
use soe503_core::ledger::Wire;

use super::Ends;

/// `SOCK_DIAG_BY_FAMILY` of linux/sock_diag.h, as a question and as the answer to it.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST`: about one connection, not a list.
const REQUEST: u16 = 1;
/// `INET_DIAG_INFO` of linux/inet_diag.h: the attribute that holds a `struct tcp_info`.
const INFO: u16 = 2;

/// `struct nlmsghdr`, then `struct inet_diag_req_v2`.
const HEADER: usize = 16;
const QUESTION: usize = HEADER + 56;
/// `struct inet_diag_msg`; in it `idiag_wqueue`.
const ABOUT: usize = 72;
const WAITING: usize = 60;
/// In `struct tcp_info`: `tcpi_retransmits`, `tcpi_rtt` in microseconds.
const RETRANSMITS: usize = 2;
const RTT: usize = 68;

pub(super) fn look(ends: Ends) -> Option<Wire> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(SOCK_DIAG),
    )
    .ok()?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &question(ends)?, SendFlags::DONTWAIT, &kernel).ok()?;
    // The kernel has answered before the call above came back.
    let mut answer = [0_u8; 2048];
    let (_, length) = recv(&socket, &mut answer[..], RecvFlags::DONTWAIT).ok()?;
    read(answer.get(..length)?)
}

/// `None`: the addresses are of different families.
fn question((ours, theirs): Ends) -> Option<[u8; QUESTION]> {
    let mut out = [0_u8; QUESTION];
    let family = match (ours, theirs) {
        (SocketAddr::V4(_), SocketAddr::V4(_)) => AddressFamily::INET,
        (SocketAddr::V6(_), SocketAddr::V6(_)) => AddressFamily::INET6,
        _ => return None,
    };
    out[0..4].copy_from_slice(&(QUESTION as u32).to_ne_bytes());
    out[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
    out[6..8].copy_from_slice(&REQUEST.to_ne_bytes());
    out[16] = u8::try_from(family.as_raw()).ok()?;
    out[17] = 6; // TCP
    out[18] = 1 << (INFO - 1);
    // In any state.
    out[20..24].fill(0xFF);
    out[24..26].copy_from_slice(&ours.port().to_be_bytes());
    out[26..28].copy_from_slice(&theirs.port().to_be_bytes());
    address(&mut out[28..44], ours.ip());
    address(&mut out[44..60], theirs.ip());
    // Whatever its cookie.
    out[64..72].fill(0xFF);
    Some(out)
}

fn address(out: &mut [u8], ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => out[..4].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.copy_from_slice(&ip.octets()),
    }
}

fn read(answer: &[u8]) -> Option<Wire> {
    if half(answer, 4)? != BY_FAMILY {
        return None;
    }
    let about = answer.get(HEADER..)?;
    let unacked = word(about, WAITING)?;
    let mut attributes = about.get(ABOUT..)?;
    loop {
        let length = usize::from(half(attributes, 0)?);
        let value = attributes.get(4..length)?;
        if half(attributes, 2)? == INFO {
            return Some(Wire {
                unacked,
                retransmits: *value.get(RETRANSMITS)?,
                rtt: Duration::from_micros(word(value, RTT)?.into()),
            });
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn half(from: &[u8], at: usize) -> Option<u16> {
    let bytes = from.get(at..at + 2)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

fn word(from: &[u8], at: usize) -> Option<u32> {
    let bytes = from.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}
