//! The error types of RFC 9209.

use core::fmt;

/// Declares the enum, its tokens and the statuses that the RFC recommends.
macro_rules! proxy_errors {
    ($($variant:ident = $token:literal, $status:expr;)+) => {
        /// An error type of the `Proxy-Status` field (RFC 9209 §2.3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ProxyError {
            $(#[doc = concat!("`", $token, "`")] $variant,)+
        }

        impl ProxyError {
            /// Every error type of the RFC.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The token of the `error` parameter.
            pub const fn token(self) -> &'static str {
                match self { $(Self::$variant => $token,)+ }
            }

            /// The status that the RFC recommends; `None` where it leaves the choice to us
            /// ("the most appropriate").
            pub const fn recommended_status(self) -> Option<u16> {
                match self { $(Self::$variant => $status,)+ }
            }

            /// The error type with this token.
            pub fn from_token(token: &str) -> Option<Self> {
                match token { $($token => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

proxy_errors! {
    DnsTimeout = "dns_timeout", Some(504);
    DnsError = "dns_error", Some(502);
    DestinationNotFound = "destination_not_found", Some(500);
    DestinationUnavailable = "destination_unavailable", Some(503);
    DestinationIpProhibited = "destination_ip_prohibited", Some(502);
    DestinationIpUnroutable = "destination_ip_unroutable", Some(502);
    ConnectionRefused = "connection_refused", Some(502);
    ConnectionTerminated = "connection_terminated", Some(502);
    ConnectionTimeout = "connection_timeout", Some(504);
    ConnectionReadTimeout = "connection_read_timeout", Some(504);
    ConnectionWriteTimeout = "connection_write_timeout", Some(504);
    ConnectionLimitReached = "connection_limit_reached", Some(503);
    TlsProtocolError = "tls_protocol_error", Some(502);
    TlsCertificateError = "tls_certificate_error", Some(502);
    TlsAlertReceived = "tls_alert_received", Some(502);
    HttpRequestError = "http_request_error", None;
    HttpRequestDenied = "http_request_denied", Some(403);
    HttpResponseIncomplete = "http_response_incomplete", Some(502);
    HttpResponseHeaderSectionSize = "http_response_header_section_size", Some(502);
    HttpResponseHeaderSize = "http_response_header_size", Some(502);
    HttpResponseBodySize = "http_response_body_size", Some(502);
    HttpResponseTrailerSectionSize = "http_response_trailer_section_size", Some(502);
    HttpResponseTrailerSize = "http_response_trailer_size", Some(502);
    HttpResponseTransferCoding = "http_response_transfer_coding", Some(502);
    HttpResponseContentCoding = "http_response_content_coding", Some(502);
    HttpResponseTimeout = "http_response_timeout", Some(504);
    HttpUpgradeFailed = "http_upgrade_failed", Some(502);
    HttpProtocolError = "http_protocol_error", Some(502);
    ProxyInternalResponse = "proxy_internal_response", None;
    ProxyInternalError = "proxy_internal_error", Some(500);
    ProxyConfigurationError = "proxy_configuration_error", Some(500);
    ProxyLoopDetected = "proxy_loop_detected", Some(502);
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.token())
    }
}
