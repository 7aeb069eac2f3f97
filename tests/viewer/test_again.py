"""`r`: the program anew. Of the old run nothing stays but what was chosen of the view: axis, zoom, kinds of rows."""

from __future__ import annotations

from driven import Living, Told, drive, press, screen_of
from story import Story, event, relay
from textual.pilot import Pilot

from triotrace import events as e
from triotrace.source import Source
from triotrace.viewer.app import TraceApp
from triotrace.viewer.live import LiveApp
from triotrace.viewer.program import Program


class Held(Living):
    paused = True


def long_story() -> Story:
    """Many tasks, prints, a mark, and a hold that is for no step of the new run."""
    story = relay()
    for number in range(30):
        story.spawn(f"extra_with_a_long_name_{number}")
    story.events.append(e.Output(story.t, "stdout", "old words\n"))
    story.events.append(e.Mark(story.t, "an old mark"))
    story.events.append(e.Paused(story.t, 1))
    return story


def values_of(thing: object) -> dict[str, object]:
    """Return what an object of ours knows, but for the other objects that it knows."""
    plain = (int, str, float, bool, tuple, list, dict, type(None))
    return {name: value for name, value in vars(thing).items() if isinstance(value, plain)}


KEPT = {"width", "_clock", "_rows_late", "_rows_key", "_picture_key", "program", "axis"}
"""What is of the window, or compared with what is new before it is used."""


async def read_out(app: TraceApp, pilot: Pilot[None]) -> None:
    while app.restarting or app.reader.reading:
        await pilot.pause(0.01)
    app.look()
    await pilot.pause()


def test_nothing_of_the_old_run_stays() -> None:
    """Every value of the scene, the player and the panels is as in a viewer that never saw another run."""

    def again(paused: bool) -> tuple[Source, Program]:
        return Told(event()), Living()

    fresh: dict[str, dict[str, object]] = {}
    lines: list[list[str]] = []

    def state(app: LiveApp) -> dict[str, dict[str, object]]:
        assert isinstance(app, TraceApp)
        things = {
            "scene": app.scene,
            "player": app.player,
            "steps": app.scene.steps,
            "times": app.scene.times,
        }
        found = {
            name: {key: value for key, value in values_of(thing).items() if key not in KEPT}
            for name, thing in things.items()
        }
        inspector, prints = app.inspector, app.prints_panel
        found["panels"] = {
            "inspector": (inspector._scrolled, inspector._at),
            "prints": (prints.of_task, prints._index.timeline is app.timeline),
            "layout": (app._title_height, app.title_bar.styles.height, app._shown, app.lanes.scroll_offset.y),
            "find": (app.find_bar.value, app.find_bar.has_class("open"), app.focused),
            "marks": (app.marks_row.display, app.failures.line, len(app._notifications)),
        }
        return found

    async def new(app: TraceApp, pilot: Pilot[None]) -> None:
        app.redraw()
        await pilot.pause()
        fresh.update(state(app))
        lines.append(screen_of(app))

    async def old(app: TraceApp, pilot: Pilot[None]) -> None:
        await press(pilot, "end", "i", "i", "O", "N", "w", "slash", "e", "x", "t", "enter")
        await press(pilot, "down", "down", "left")
        app.lanes.scroll_to(y=5, animate=False)
        app.inspector._scrolled = 3
        app._title_height = app.title_bar.styles.height = 5
        app.scene.want(app.scene.end + 3)
        app.player.seeks = app.timeline.lanes[0]
        app.player._asked = 7
        app.player.told = "old"
        app.failures.say("old failure")
        await press(pilot, "slash", "z")
        assert app.scene.sought == "z"
        await press(pilot, "enter")
        app.run_again()
        await read_out(app, pilot)
        now = state(app)
        for name, values in fresh.items():
            assert values == now[name], name
        assert [line for line in screen_of(app) if "old" in line or "extra" in line] == []
        assert lines[0][0] == screen_of(app)[0]

    drive(Told(event()), new, program=Living())
    drive(Told(long_story()), old, program=Held(), again=again)
