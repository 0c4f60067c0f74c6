//! What a failure looks like from outside: headers, documents, and who may read what.

mod course;
mod debug_token;
mod facts;
mod faults;
mod front;
mod headers;
mod hostile;
mod problem;
mod proxy_status;
mod rate_fields;
mod redaction;
mod retry_after;
mod saved;
mod situations;
mod snapshots;
mod status;
mod template;
mod template_own;
