"""Time-outs: what is late is given up, the task goes on after its `with`, and nothing is an error."""

import httpx  # pip install 'triotrace[examples]'
import pokeapi
import trio


async def fetch(client: httpx.AsyncClient, nome: str) -> None:
    with trio.move_on_after(2) as prazo:
        response = await client.get(f"pokemon/{nome}")
        print(f"{nome} pesa {response.json()['weight'] / 10} kg")
    if prazo.cancelled_caught:
        print(f"{nome} demorou demais, seguimos sem resposta")


async def main(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client, trio.open_nursery() as nursery:
        for nome in ("charmander", "wartortle", "snorlax"):
            nursery.start_soon(fetch, client, nome)
    print("main terminou, sem erro")


with pokeapi.serving() as url:
    trio.run(main, url)
