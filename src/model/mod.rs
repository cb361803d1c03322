//! Every value that crosses a boundary. Floor 0: it depends on nothing of ours, and does no I/O.
