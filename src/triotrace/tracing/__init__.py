"""Inside the traced program: hooks become events. Leans on trio, msgspec and the standard library; nothing else."""
