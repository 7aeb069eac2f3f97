"""Ten questions over HTTP at once: all wait together, and the answers come in another order."""

import httpx  # pip install 'triotrace[examples]'
import pokeapi
import trio


async def fetch(client: httpx.AsyncClient, numero: int) -> None:
    response = await client.get(f"pokemon/{numero}")
    print(f"{numero} é {response.json()['name']}")


async def main(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client, trio.open_nursery() as nursery:
        for numero in range(1, 11):
            nursery.start_soon(fetch, client, numero)
    print("Todos responderam")


with pokeapi.serving() as url:
    trio.run(main, url)
