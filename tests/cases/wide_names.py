"""Names that are wide, joined or combined: each row keeps its marks in its columns."""

import trio


async def work(seconds):
    await trio.sleep(seconds)


async def main():
    async with trio.open_nursery() as nursery:
        for name in ("工人一号工人一号", "한글", "ทำงาน", "काम", "❤️ work", "👩🏽‍💻 dev"):
            nursery.start_soon(work, 0.02, name=name)


trio.run(main)
