"""The command palette: every action of the table by what it does, with its key; then what has no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from gettext import NullTranslations
from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.worker import Worker, WorkType

from triotrace.viewer.actions import ACTIONS
from triotrace.viewer.live import LiveApp

__all__ = ["Commands", "palette_of"]

T = TypeVar("T")


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


class _Palette(CommandPalette):
    """Textual's, but quick fingers end neither it nor the app by an exception."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close once."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Move in a list that has something, and room to show it."""
        lists = [found for found in self.query(CommandList) if found.option_count and found.scrollable_content_region]
        return action != "command_list" or bool(lists)

    def run_worker(
        self,
        work: WorkType[T],
        name: str | None = "",
        group: str = "default",
        description: str = "",
        exit_on_error: bool = True,
        start: bool = True,
        exclusive: bool = False,
        thread: bool = False,
    ) -> Worker[T]:
        # Closed before it stands, it looks for its list in vain
        return super().run_worker(work, name, group, description, False, start, exclusive, thread)


def palette_of(provider: type[Provider], catalogue: NullTranslations) -> CommandPalette:
    """Make a palette of one provider's commands, in the user's language."""
    return _Palette([provider], placeholder=catalogue.gettext("type what you look for"))
