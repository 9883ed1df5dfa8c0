"""Runs the checks of a client script and prints one line of JSON for each (see doc.go)."""

import json
import os
import sys
import traceback

BUCKET = os.environ["MYFSIO_BUCKET"]
TMP = os.environ["MYFSIO_TMP"]


class Skip(Exception):
    """Raised by a check that cannot run here; says why."""


def keys():
    """The table of odd keys, as (name, key)."""
    with open(os.environ["MYFSIO_KEYS"], encoding="utf-8") as f:
        return [(k["name"], k["key"]) for k in json.load(f)]


def say(**line):
    print(json.dumps(line), flush=True)


def run(name, fn, *args):
    try:
        fn(*args)
    except Skip as why:
        say(name=name, status="skip", detail=str(why))
    except BaseException as e:
        ours = [f for f in traceback.extract_tb(e.__traceback__) if f.filename == fn.__code__.co_filename]
        where = "".join(f"{f.name}:{f.lineno}: {f.line}\n" for f in ours[-2:])
        say(name=name, status="fail", detail=f"{where}{type(e).__name__}: {e}"[:3000])
    else:
        say(name=name, status="ok")


def run_all(module):
    """Runs each check_* function of a module in the order of the file."""
    for name, fn in list(vars(module).items()):
        if name.startswith("check_"):
            run(name.removeprefix("check_"), fn)


def done():
    say(done=True)
    sys.stdout.flush()
