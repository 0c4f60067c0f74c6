//! The words, headers and documents in which a cause is told.
//!
//! [`tell`] turns a [`Diagnosis`](crate::diagnosis::Diagnosis) into one answer: a status, headers
//! that carry everything essential (an answer to HEAD has nothing else), and a body in the form
//! that the client asked for. [`negotiate`] picks the form, [`retry_after`] says when to come
//! back, [`append`] and [`passed_on`] speak `Proxy-Status` for answers that are not ours, and a
//! [`debug_token`] has one request's failure told in full.
//!
//! **Who reads it** decides how much is said. [`Exposure::Public`] names nothing of ours: no
//! address, no backend, no pool. [`Exposure::Internal`] adds pool, attempts, evidence and
//! remedies, and still no address, not even one that serves as a name. [`Exposure::Full`] tells
//! all.
//!
//! **Failure mode.** Every string from outside (names, certificates, identifiers, other proxies'
//! claims) counts as hostile: it is cut, stripped of control characters and escaped for its
//! place. No input makes a header that does not parse, a document that is not well-formed, or a
//! body above [`LONGEST_BODY`].

mod actions;
mod alike;
mod build;
mod clean;
mod course;
pub mod debug_token;
mod digits;
mod faults;
mod field;
mod grpc;
mod grpc_details;
mod headers;
mod html;
mod json;
mod measured;
mod names;
mod negotiate;
mod problem;
mod proxy_status;
mod rate_limit;
mod retry_after;
mod shown;
mod status;
mod tell;
mod telling;
mod template;
mod text;
mod time;
mod words;

pub use build::problem;
pub(crate) use clean::clean as cleaned;
pub use faults::in_words;
pub use headers::is_ours;
pub use negotiate::{negotiate, negotiate_request};
pub use problem::{
    Problem, ToldActions, ToldAttempt, ToldChange, ToldEvidence, ToldRequests, ToldRuledOut,
    ToldScope,
};
pub use proxy_status::{append, passed_on};
pub use rate_limit::RateFields;
pub use retry_after::{RetryInputs, retry_after};
pub use tell::{LONGEST_BODY, tell, tell_headers};
pub use telling::{DOCS, Exposure, Format, StatusPolicy, Telling, Told};
pub use template::Template;
pub(crate) use words::duration;
