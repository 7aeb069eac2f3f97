"""The pure core: events become tasks, steps and pictures. No I/O, no clock, no trio, no textual."""
