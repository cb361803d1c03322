//! Carries out a plan: the executor and the settling of answers. Floor 2; the only room that writes to a surface.
