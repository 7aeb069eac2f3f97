"""Files: each call waits in a thread, and meanwhile others run."""

import tempfile

import trio


async def guardar(caderno: trio.Path, nomes: list[str]) -> None:
    async with await trio.open_file(caderno, "w") as file:
        for nome in nomes:
            await file.write(f"{nome}\n")


async def main(pasta: str) -> None:
    agua, fogo = trio.Path(pasta, "agua.txt"), trio.Path(pasta, "fogo.txt")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(guardar, agua, ["squirtle", "psyduck"])
        nursery.start_soon(guardar, fogo, ["charmander", "vulpix"])
    print(await agua.read_text() + await fogo.read_text(), end="")


with tempfile.TemporaryDirectory() as pasta:
    trio.run(main, pasta)
