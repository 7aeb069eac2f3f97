"""The scene: playhead, choice, window and zoom as values, with no app running."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from story import Story, event, relay

from triotrace import events as e
from triotrace.events import TaskScheduled
from triotrace.timeline.lanes import NO_PLACE
from triotrace.timeline.rows import RowKind
from triotrace.timeline.timeline import Timeline
from triotrace.viewer.player import Player
from triotrace.viewer.program import StillTape
from triotrace.viewer.scene import Scene


def scene_of(story: Story, **options: object) -> Scene:
    timeline = Timeline()
    scene = Scene(timeline, **options)  # type: ignore[arg-type]
    scene.width = 60
    timeline.feed(story.events)
    scene.update()
    return scene


def test_it_follows_the_end_of_the_tape() -> None:
    scene = scene_of(relay())
    assert (8, True) == (scene.playhead, scene.following)
    more = Story()
    scene.timeline.feed(more.events)
    scene.update()
    assert scene.end == scene.playhead


def test_a_look_back_ends_following_and_End_begins_it_again() -> None:
    scene = scene_of(relay())
    scene.move(-1)
    assert (7, False) == (scene.playhead, scene.following)
    scene.go_to_now()
    assert (8, True) == (scene.playhead, scene.following)


def test_the_playhead_stays_on_the_tape() -> None:
    scene = scene_of(relay())
    scene.move(99)
    assert 8 == scene.playhead
    scene.move(-99)
    assert 0 == scene.playhead


def test_the_window_goes_with_the_playhead() -> None:
    scene = scene_of(relay())
    for slot in (0, 3, 8, 1, 7):
        scene.go(slot)
        assert scene.steps.first <= max(1, slot) < scene.steps.first + 6


def test_it_plays_to_the_end_and_then_from_the_start() -> None:
    scene = scene_of(relay())
    scene.go(5)
    scene.play()
    for _ in range(9):
        scene.tick()
    assert (8, False) == (scene.playhead, scene.playing)
    scene.play()
    assert (0, True) == (scene.playhead, scene.playing)
    scene.hold()
    scene.tick()
    assert 0 == scene.playhead


def test_choice_goes_with_the_playhead_until_someone_chooses() -> None:
    scene = scene_of(event())
    scene.go(2)
    assert "task_a" == scene.chosen_lane.name
    scene.choose(1)
    assert "task_b" == scene.chosen_lane.name
    scene.go(1)
    assert "task_b" == scene.chosen_lane.name
    scene.choose_nobody()
    assert "main" == scene.chosen_lane.name


def test_next_and_previous_step_of_the_chosen_task() -> None:
    scene = scene_of(relay())
    scene.choose_row(2)
    seen = []
    scene.go(0)
    for _ in range(4):
        scene.to_step_of_chosen(1)
        seen.append(scene.playhead)
    scene.to_step_of_chosen(-1)
    assert [3, 5, 7, 7, 5] == [*seen, scene.playhead]


def test_find_by_name_state_and_call() -> None:
    scene = scene_of(event())
    scene.go(4)
    found = {}
    for text in ("TASK_B", "waits: wait", "event.wait", "nobody bears this", ""):
        scene.find(text)
        found[text] = [row.label for row in scene.rows.rows if row.label != "(loop)"]
    assert ["task_b #1", "task_b #2"] == found["TASK_B"] == found["waits: wait"] == found["event.wait"]
    assert [] == found["nobody bears this"]
    assert 4 == len(found[""])


def test_along_the_chain_of_wakes_and_back() -> None:
    """main was made ready by task_b #2, that by task_a, that by the loop's sleep."""
    scene = scene_of(event())
    assert 9 == scene.playhead
    went = []
    for _ in range(4):
        scene.to_waker()
        went.append(scene.playhead)
    assert [8, 6, 5, 5] == went
    for _ in range(4):
        scene.back_from_waker()
        went.append(scene.playhead)
    assert [6, 8, 9, 9] == went[4:]


def test_folding_takes_the_children_off_the_screen() -> None:
    scene = scene_of(relay())
    scene.choose_row(0)
    scene.fold()
    assert ["main", "└ producer… ×0 ■ 2"] == [row.title for row in scene.rows.rows]
    scene.fold()
    assert ["main", "├ producer", "└ consumer"] == [row.title for row in scene.rows.rows]


def test_a_long_sleep_is_one_column_on_one_axis_and_most_of_the_other() -> None:
    scene = scene_of(event())
    scene.fit()
    assert 1 == scene.picture.line(0).text.count("┏")
    scene.switch_axis()
    assert scene.picture.line(0).text.count("┈") >= 40


def test_a_column_knows_its_step() -> None:
    scene = scene_of(relay())
    scene.go(0)
    assert 1 == scene.slot_at_column(0)
    assert 3 == scene.slot_at_column(25)


def test_the_place_is_where_the_step_ended() -> None:
    scene = scene_of(event())
    scene.go(2)
    assert "sleep" == scene.timeline.verbs.places[scene.place].call
    scene.choose_row(3)
    scene.go(6)
    assert "Event.wait" == scene.timeline.verbs.places[scene.place].call


def test_of_a_step_that_ends_its_task_the_call_that_woke_another_matters() -> None:
    """task_a wakes two with `event.set()` and returns: that line, not the sleep before it."""
    story = event()
    call = story.place("Event.set", 8)
    for i, told in enumerate(story.events):
        if isinstance(told, TaskScheduled) and told.cause == "task" and told.waker == story.tasks["task_a"]:
            story.events[i] = TaskScheduled(told.t, told.task, told.cause, waker=told.waker, place=call)
    scene = scene_of(story)
    scene.go(6)
    assert call == scene.place
    scene.choose_row(2)
    assert ("task_a", call) == (scene.chosen_lane.name, scene.place), "it is task_a's own step"
    scene.choose_row(3)
    assert "Event.wait" == scene.timeline.verbs.places[scene.place].call, "task_b still stands at its own line"
    scene.go(9)
    scene.choose_nobody()
    assert NO_PLACE == scene.place, "main woke nobody as it returned, and where it did is not known"


KEYS = [
    "move",
    "back",
    "home",
    "now",
    "play",
    "tick",
    "up",
    "down",
    "fold",
    "axis",
    "in",
    "out",
    "fit",
    "left",
    "right",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(KEYS), max_size=40), st.integers(1, 200))
def test_any_keys_in_any_order_leave_a_picture(keys: list[str], width: int) -> None:
    """Whatever is pressed, the playhead is on the tape and every row can be drawn."""
    scene = Scene(Timeline())
    scene.width = width
    events = list(event().events)
    actions = {
        "move": lambda: scene.move(1), "back": lambda: scene.move(-1),
        "home": scene.go_home, "now": scene.go_to_now, "play": scene.play, "tick": scene.tick,
        "up": lambda: scene.choose(-1), "down": lambda: scene.choose(1), "fold": scene.fold,
        "axis": scene.switch_axis, "in": lambda: scene.zoom_by(1), "out": lambda: scene.zoom_by(-1), "fit": scene.fit,
        "left": lambda: scene.pan(-1), "right": lambda: scene.pan(1),
        "next": lambda: scene.to_step_of_chosen(1), "previous": lambda: scene.to_step_of_chosen(-1),
        "system": lambda: setattr(scene, "show_system", not scene.show_system),
        "feed": lambda: (scene.timeline.feed(events[:7]), events.__delitem__(slice(7)), scene.update()),
    }  # fmt: skip
    for key in keys:
        actions[key]()
        assert 0 <= scene.playhead <= scene.end
        for row in range(len(scene.rows.rows)):
            assert width == len(scene.picture.line(row).glyphs)
        assert width == scene.picture.head().width


class Obeys(StillTape):
    """A living program that remembers what it was told."""

    living = True

    def __init__(self) -> None:
        self.told: list[str] = []

    def pause(self) -> None:
        self.paused = True
        self.told.append("pause")

    def resume(self) -> None:
        self.paused = False
        self.told.append("resume")

    def step(self) -> None:
        self.told.append("step")


def test_who_follows_is_at_the_end_though_the_tape_has_grown() -> None:
    """Between the key that pauses and the gate a busy program goes on, and the next key is for the program too."""
    for verb, expected in ((Player.play, "resume"), (Player.next, "step")):
        scene = scene_of(relay())
        program = Obeys()
        player = Player(scene, program)
        player.play()
        scene.timeline.feed([e.BeforeTaskStep(scene.timeline.now + 1, 2)])
        assert scene.playhead < scene.end
        verb(player)
        assert (["pause", expected], False) == (program.told, scene.playing)


def test_what_is_found_is_true_at_the_playhead() -> None:
    """A search by state follows the playhead and what the tape learns, though nobody types."""
    scene = scene_of(relay())
    scene.find("waits: send")
    found = {}
    for slot in range(scene.end + 1):
        scene.go(slot)
        found[slot] = {scene.timeline.lanes[row.lane].name for row in scene.rows.rows if row.kind is RowKind.TASK}
        assert scene.rows is scene.rows, "laid once, as long as nothing moves"
    truth = {
        slot: {
            lane.name
            for lane in scene.timeline.lanes
            if "waits: send" in scene.words.state(scene.timeline, lane, slot).lower()
        }
        for slot in found
    }
    assert any(truth.values())
    assert all(truth[slot] <= found[slot] for slot in found)
    assert all(truth[slot] or not found[slot] for slot in found)


def test_a_search_that_takes_long_is_made_by_and_by() -> None:
    """While the playhead runs, rows that take long to lay are not laid at each step; then they are, and it says so."""
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0  # it takes a second to lay them
        return now[0]

    scene = scene_of(relay(), clock=clock)
    scene.find("waits")
    scene.go(1)
    first = scene.rows
    scene.go(2)
    assert scene.rows is first
    assert scene.rows_are_late
    now[0] += 60
    assert scene.rows is not first
    assert not scene.rows_are_late
