//! Error codes, RFC 9113 §7.

use std::fmt;

/// Why a stream or a connection ends: the code of an RST_STREAM or GOAWAY frame (RFC 9113 §7).
///
/// Any number is valid on the wire. Those without a name mean the same as
/// [`INTERNAL_ERROR`](Self::INTERNAL_ERROR), and are kept as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(pub u32);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// The code's name in RFC 9113, if it has one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// No error: a graceful end.
    NO_ERROR = 0x0;
    /// The protocol was violated, and no other code says it better.
    PROTOCOL_ERROR = 0x1;
    /// Something failed at the side that says so.
    INTERNAL_ERROR = 0x2;
    /// Flow control was violated.
    FLOW_CONTROL_ERROR = 0x3;
    /// SETTINGS were not acknowledged in time.
    SETTINGS_TIMEOUT = 0x4;
    /// A frame came after the stream was half-closed.
    STREAM_CLOSED = 0x5;
    /// A frame's size is invalid.
    FRAME_SIZE_ERROR = 0x6;
    /// The stream was refused before anything was done with it.
    REFUSED_STREAM = 0x7;
    /// The stream is not needed any more.
    CANCEL = 0x8;
    /// The header compression's state cannot be kept in step.
    COMPRESSION_ERROR = 0x9;
    /// A connection made by CONNECT was reset or closed.
    CONNECT_ERROR = 0xa;
    /// The peer makes too much work.
    ENHANCE_YOUR_CALM = 0xb;
    /// The transport is not secure enough.
    INADEQUATE_SECURITY = 0xc;
    /// HTTP/1.1 is required.
    HTTP_1_1_REQUIRED = 0xd;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:x}", self.0),
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
