"""Who holds what, in plain words: the thing that a task waits for, who has it, and for whom that one waits in turn."""

from __future__ import annotations

from triotrace.timeline.lanes import NOBODY, Lane
from triotrace.timeline.terms import Terms
from triotrace.timeline.timeline import Timeline

__all__ = ["HolderWords"]

_MOST_LINKS = 4
_MOST_HELD = 8


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "translate this where it is shown"
    """Mark a message for the catalogue."""
    return message


_THE = {
    "lock": N_("the lock"),
    "event": N_("the Event"),
    "condition": N_("the Condition"),
    "semaphore": N_("the Semaphore"),
    "limiter": N_("the limiter"),
    "channel": N_("the channel"),
    "parking lot": N_("the ParkingLot"),
}
_ONE = {
    "lock": N_("lock #{number}"),
    "event": N_("Event #{number}"),
    "condition": N_("Condition #{number}"),
    "semaphore": N_("Semaphore #{number}"),
    "limiter": N_("limiter #{number}"),
    "channel": N_("channel #{number}"),
    "parking lot": N_("ParkingLot #{number}"),
}


class HolderWords(Terms):
    """Says who holds what others wait for."""

    def one_of(self, timeline: Timeline, thing: int) -> str:
        """Tell a thing from others of its kind: `lock #2`; nothing if there is no other for which a task waited."""
        holders = timeline.holders
        one = _ONE.get(holders.kinds[thing], "")
        if not one or not holders.numbers[thing] or not holders.several(thing):
            return ""
        return self._(one).format(number=holders.numbers[thing])

    def thing(self, timeline: Timeline, thing: int) -> str:
        """Name a thing: `lock #2`, or `the lock` where there is no other; nothing if it is not known what it is."""
        one, the = self.one_of(timeline, thing), _THE.get(timeline.holders.kinds[thing], "")
        return one or (self._(the) if the else "")

    def waits_for(self, timeline: Timeline, lane: Lane, slot: int) -> str:
        """Say what a task waits for after a slot, who has it, and how many wait beside it; nothing if all is plain."""
        thing = timeline.holders.thing_after(lane, slot)
        name = self.thing(timeline, thing) if thing is not None else ""
        if thing is None or not name:
            return ""
        owner = timeline.holders.owner_after(thing, slot)
        others = timeline.holders.waiting_after(thing, slot) - 1
        if owner == NOBODY and others < 1 and not self.one_of(timeline, thing):
            return ""
        if owner != NOBODY:
            name = self._("{thing}, held by `{owner}`").format(thing=name, owner=timeline.title(timeline.lanes[owner]))
        if others > 0:
            more = self._n("with {count} other", "with {count} others", others).format(count=others)
            name = f"{name}, {more}"
        return name

    def holds(self, timeline: Timeline, lane: Lane, slot: int) -> str:
        """Say what a task has after a slot that others wait for: `lock #1 (2 wait)`; nothing if there is none."""
        said = []
        held = timeline.holders.held_by(lane.index, slot)
        for thing in held[:_MOST_HELD]:
            count = timeline.holders.waiting_after(thing, slot)
            waiting = self._n("{thing} ({count} waits)", "{thing} ({count} wait)", count)
            said.append(waiting.format(thing=self.thing(timeline, thing), count=count))
        return ", ".join(said) + ", …" * (len(held) > _MOST_HELD)

    def owned_wait(self, timeline: Timeline, lane: Lane, slot: int) -> str:
        """Say in a sentence for what a task waits after a slot, and who has it: link after link, and if it is a circle.

        Nothing if it waits for nothing that anybody is known to have.
        """
        said, seen, circle = "", {lane.index}, False
        for link in range(_MOST_LINKS):
            thing = timeline.holders.thing_after(lane, slot)
            owner = timeline.holders.owner_after(thing, slot) if thing is not None else NOBODY
            if thing is None or owner == NOBODY:
                break
            if link == 0:
                text = self._("{name} waits for {thing} that `{owner}` holds")
            else:
                text = self._(", which waits for {thing} that `{owner}` holds")
            holder = timeline.lanes[owner]
            names = {"thing": self.thing(timeline, thing), "owner": timeline.title(holder)}
            said += text.format(name=timeline.title(lane), **names)
            circle = owner in seen
            if circle:
                break
            seen.add(owner)
            lane = holder
        if circle:
            return self._("{waits}. They wait in a circle: only a cancellation can free them.").format(waits=said)
        return f"{said}." if said else ""
