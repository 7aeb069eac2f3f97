"""asyncio loses tasks: main returns, and nobody waits for the three that it started."""

import asyncio


async def corrotina(numero: int) -> None:
    print(f"Iniciando {numero}")
    await asyncio.sleep(numero)
    print(f"Terminando {numero}")  # never reached


async def main() -> None:
    # The list keeps the tasks from being garbage collected; it does not make anybody wait for them.
    tasks = [asyncio.create_task(corrotina(numero)) for numero in (1, 2, 3)]
    for vez in range(10):
        print(f"Ihuu {vez}")
    print(f"main terminou, {len(tasks)} tasks ficaram para trás")


# asyncio.run cancels whatever is left when main returns.
asyncio.run(main())
