"""The viewer: Textual widgets that look at a Timeline. They compute nothing and never trace."""
