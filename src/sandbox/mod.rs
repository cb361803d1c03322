//! The built-in emulator of the surfaces. It stands apart: it imports nothing of ours but ids of `model`.
