"""trio is over, and the program goes on until its standard input ends."""

import sys

import trio


async def main():
    await trio.sleep(0)


trio.run(main)
print("trio is over", flush=True)
sys.stdin.read()
