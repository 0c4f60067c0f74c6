//! What a failure looks like from outside: headers, documents, and who may read what.

mod course;
mod debug_token;
mod front;
mod headers;
mod hostile;
mod problem;
mod proxy_status;
mod redaction;
mod retry_after;
mod situations;
mod snapshots;
mod template;
