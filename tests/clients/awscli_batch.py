"""The AWS CLI as a conversation: reads one command a line, as a JSON list of its arguments, and answers each with a
JSON line of exit code, output and errors. It runs the CLI's own main function, and saves the half second that each
new process takes to load it."""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver


def stream():
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape", write_through=True)


answers = sys.stdout
driver = create_clidriver()  # one for all: it keeps the parsed description of the service
for line in sys.stdin:
    out, err = stream(), stream()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(json.loads(line))
        except SystemExit as e:
            code = e.code
    print(json.dumps({
        "code": code or 0,
        "out": out.buffer.getvalue().decode("utf-8", "replace"),
        "err": err.buffer.getvalue().decode("utf-8", "replace"),
    }), file=answers, flush=True)
