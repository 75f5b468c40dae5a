//! Corpora
