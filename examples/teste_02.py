"""A flaky test and a right one: two tasks are ready in one turn, and nothing says which runs first."""

import pytest
import trio


async def enviar(canal: trio.MemorySendChannel[str], diario: list[str]) -> None:
    await canal.send("pikachu")
    diario.append("enviado")


async def receber(canal: trio.MemoryReceiveChannel[str], diario: list[str]) -> None:
    diario.append(await canal.receive())


async def conversar() -> list[str]:
    diario: list[str] = []
    envio, recepcao = trio.open_memory_channel[str](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(enviar, envio, diario)
        nursery.start_soon(receber, recepcao, diario)
    return diario


@pytest.mark.trio
async def test_errado() -> None:
    # Once the message has changed hands both are ready, and trio shuffles those that are ready.
    assert await conversar() == ["enviado", "pikachu"]


@pytest.mark.trio
async def test_certo() -> None:
    # What was received is certain; who writes first is not.
    assert "pikachu" in await conversar()
