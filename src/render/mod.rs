//! Values → text and JSON. Floor 2; pure.
