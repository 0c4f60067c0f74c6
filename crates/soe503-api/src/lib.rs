//! soe503-api
