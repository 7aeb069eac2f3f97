"""The window of the time axis: on real time, with idle stretches folded, and on trio's time."""

from __future__ import annotations

from collections.abc import Iterable

from chance import MadeUp, made_up_runs
from hypothesis import given
from hypothesis import strategies as st
from story import event

from triotrace.events import Event
from triotrace.timeline.timeline import Timeline
from triotrace.timeline.times import TimePicture
from triotrace.viewer.scene import Scene

MOVES = {
    "in": lambda scene: scene.zoom_by(1),
    "out": lambda scene: scene.zoom_by(-1),
    "fit": Scene.fit,
    "left": lambda scene: scene.pan(-1),
    "right": lambda scene: scene.pan(1),
    "next": lambda scene: scene.move(1),
    "back": lambda scene: scene.move(-1),
    "home": Scene.go_home,
    "now": Scene.go_to_now,
    "fold": Scene.fold_idle,
}


def scene_of(events: Iterable[Event]) -> Scene:
    timeline = Timeline()
    timeline.feed(events)
    scene = Scene(timeline, axis="time")
    scene.update()
    return scene


def picture(scene: Scene) -> TimePicture:
    drawn = scene.picture
    assert isinstance(drawn, TimePicture)
    return drawn


def test_z_folds_what_is_idle_and_unfolds_it() -> None:
    scene = scene_of(event().events)
    whole = picture(scene).head().text
    scene.fold_idle()
    assert "idle ╱╱" == picture(scene).title
    assert "╱10.0 s╱" in picture(scene).head().text
    scene.fold_idle()
    assert ("", whole) == (picture(scene).title, picture(scene).head().text)


def test_z_on_the_step_axis_shows_time() -> None:
    scene = scene_of(event().events)
    scene.switch_axis()
    scene.fold_idle()
    assert "idle ╱╱" == picture(scene).title


def test_a_run_that_is_fitted_and_folded_is_seen_whole() -> None:
    scene = scene_of(event().events)
    scene.fold_idle()
    text = [picture(scene).line(row).text for row in range(4)]
    assert 4 == sum(line.count("■") for line in text)


@given(
    st.one_of(made_up_runs(), made_up_runs("mock")),
    st.lists(st.sampled_from(sorted(MOVES)), max_size=12),
    st.integers(10, 120),
)
def test_wherever_one_looks_cells_are_whole_and_a_moved_playhead_is_seen(
    run: MadeUp, moves: list[str], width: int
) -> None:
    """A window begins with a cell of the ruler; who moves the playhead sees it; a cell leads to a step."""
    scene = scene_of(run.events)
    scene.width = width
    for move in moves:
        MOVES[move](scene)
        view = picture(scene).view
        assert 0 == (view.start - view.origin) % view.cell
        assert view.start >= view.origin
        if move in ("next", "back", "home", "now", "in"):
            assert view.playhead is not None
            assert 0 <= view.column(view.playhead) < width
        assert 0 <= scene.slot_at_column(width // 2) <= scene.end
        assert width == picture(scene).head().width
