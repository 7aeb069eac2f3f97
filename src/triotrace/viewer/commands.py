"""The command palette: every action of the table by what it does, with its key; then what has no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from gettext import NullTranslations

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from triotrace.viewer.actions import ACTIONS
from triotrace.viewer.live import LiveApp

__all__ = ["Commands", "palette_of"]


class Commands(Provider):
    """The app's actions, in the table's order until something is typed."""

    async def discover(self) -> Hits:
        """Give all of them."""
        for means, key, command in self._commands():
            yield DiscoveryHit(means, command, help=key)

    async def search(self, query: str) -> Hits:
        """Give those whose words or key match."""
        matcher = self.matcher(query)
        for means, key, command in self._commands():
            score = max(matcher.match(means), query in key.split())
            if score > 0:
                yield Hit(score, matcher.highlight(means), command, text=means, help=key)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        app = self.app
        assert isinstance(app, LiveApp)
        for action in ACTIONS:
            if action.name != "command_palette":
                yield app.say(action.means), action.shown, partial(app.run_action, action.called)
        yield app.say("choose the colours"), "", app.search_themes
        yield app.say("save a picture of the screen, as SVG"), "", partial(app.run_action, "save_picture")


def palette_of(provider: type[Provider], catalogue: NullTranslations) -> CommandPalette:
    """Make a palette of one provider's commands, in the user's language."""
    return CommandPalette([provider], placeholder=catalogue.gettext("type what you look for"), id="--command-palette")
