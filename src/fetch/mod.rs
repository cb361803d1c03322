//! Reads: surfaces → `LiveState`. Floor 2; it never writes.
