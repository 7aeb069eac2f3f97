"""One of ten fails: its nursery cancels those that still wait, and main gets one group."""

import httpx  # pip install 'triotrace[examples]'
import pokeapi
import trio


async def fetch(client: httpx.AsyncClient, url: str) -> None:
    response = await client.get(url)
    print(f"Chegou {response.json()['name']}")


async def main(url: str, nowhere: str) -> None:
    timeout = httpx.Timeout(5, connect=0.7)
    try:
        async with httpx.AsyncClient(timeout=timeout) as client, trio.open_nursery() as nursery:
            for numero in range(1, 11):
                # The fourth goes to a door that nobody opens.
                nursery.start_soon(fetch, client, f"{nowhere if numero == 4 else url}/pokemon/{numero}")
    except* httpx.ConnectTimeout as group:
        print(f"Não deu para conectar: {group.exceptions}")


with pokeapi.serving() as url, pokeapi.full() as nowhere:
    trio.run(main, url, nowhere)
