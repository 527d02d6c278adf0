"""The compiled engine's kernel: compiled functions that run the table of operations of any protocol.

They do what the reference engine does, move by move, on arrays: a walker is a row, a request is a row, and what the
reference engine keeps on Python's call stack (a pool that serves, lots that begin, branches that start) stands on a
stack of tasks. So the kernel can stop anywhere, say what it needs (draws, or a larger array), and go on at
the same operation when it is called again.

Read `run` first, then `steps` (one short function an operation), `asking` (Use and Draw), `frames` (what encloses the
present operations), `happenings` (what falls due), `pools`. `rows` says what a row of each table holds, `tables` what
belongs together, `names` which number stands for which word. `draws` makes keyed uniforms. `machine` makes machine
code of them all, `typed` tells numba what a table is, `stamp` knows whether the code is on disk, and `plain` runs it
as Python for tests.
"""
