"""The same three tasks in a nursery: main cannot leave before its last child has."""

import trio


async def corrotina(numero: int) -> None:
    print(f"Iniciando {numero}")
    await trio.sleep(numero)
    print(f"Terminando {numero}")


async def main() -> None:
    async with trio.open_nursery() as nursery:
        for numero in (1, 2, 3):
            nursery.start_soon(corrotina, numero)
        for vez in range(10):
            print(f"Ihuu {vez}")
    print("main terminou, nenhuma task ficou para trás")


trio.run(main)
