//! The surfaces: one HTTP client, authentication, limits, retries, and one module a surface. Floor 1.
