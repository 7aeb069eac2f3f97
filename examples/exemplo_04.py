"""A tracer of your own: trio calls an Instrument at each turn of the story."""

import trio


class Tracer(trio.abc.Instrument):
    """Print who is born, who runs, who gives way, and when the loop sleeps."""

    def before_run(self) -> None:
        print("== o laço começou")

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        print(f"+ nasceu {task.name}")

    def task_scheduled(self, task: trio.lowlevel.Task) -> None:
        print(f"? na fila {task.name}")

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        print(f"> roda {task.name}")

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        print(f"< parou {task.name}")

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        print(f"- terminou {task.name}")

    def before_io_wait(self, timeout: float) -> None:
        if timeout > 0:  # 0 means: somebody is ready, the loop only looks round
            print("zz todas esperam, o laço dorme")

    def after_run(self) -> None:
        print("== o laço acabou")


async def assar(prato: str, tempo: float) -> None:
    print(f"{prato} no forno")
    await trio.sleep(tempo)
    print(f"{prato} na mesa")


async def main() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(assar, "bolo", 0.5)
        nursery.start_soon(assar, "pão", 1)


trio.run(main, instruments=[Tracer()])
