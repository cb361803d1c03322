//! Tree → `Declaration`: parsing, decoding, validation, the lock. Floor 1; pure, but for `files`.
