//! soe503-proxy
